/** WebGPU, where its packages and a GPU are; a renderer in software will do if MURMUR_WEBGPU_SOFTWARE is set. */
import { tryBackend } from '../../../../peers/node/compute/diagnose.ts'
import { backendSuite } from '../../../compliance/backend.ts'
import { userCache, withCache } from '../../../helpers/native.ts'
import { findPackage } from '../../../../peers/node/compute/cache.ts'

const isHere = await withCache(
  userCache,
  async () => findPackage('webgpu') != null && (await tryBackend('webgpu')).ok
)

backendSuite('webgpu', isHere)
