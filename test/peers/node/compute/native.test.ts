/** TensorFlow's own library, where it was built. */
import { findNative } from '../../../../peers/node/compute/native/folder.ts'
import { backendSuite } from '../../../compliance/backend.ts'
import { userCache, withCache } from '../../../helpers/native.ts'

const isHere = await withCache(userCache, async () => findNative('tfjs-node') != null)

backendSuite('tfjs-node', isHere)
