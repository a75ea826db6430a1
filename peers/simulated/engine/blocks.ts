/** Vectors and payloads of simulated engines: whole blocks by hash, own ones on disk, others' lost with the memory. */
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { rawCidOf } from '../../../src/federation/cbor.ts'
import { floatsFromBytes, floatsToBytes } from '../../../src/vectors.ts'
import type { EngineActor } from './actor.ts'
import type { EngineStage } from './stage.ts'
import type { BlockExchange, FetchOptions } from '../../engine/components.ts'
import type { CID } from 'multiformats/cid'

export function simulatedBlocks(stage: EngineStage, self: EngineActor): BlockExchange {
  const put = async (bytes: Uint8Array): Promise<CID> => {
    const cid = await rawCidOf(bytes)
    const writes = [{ key: `block/${cid}`, value: bytes.slice() }]
    await new Promise<void>((resolve) => self.disk.write(writes, resolve))
    return cid
  }
  const get = async (root: CID, options: FetchOptions): Promise<Uint8Array> => {
    const own = self.block(root.toString())
    if (own != null) return own
    const bytes = await stage.fetch(self, root.toString(), options)
    options.signal.throwIfAborted()
    if (bytes == null) throw new BlocksUnavailableError([root], [])
    self.transient.set(root.toString(), bytes)
    return bytes
  }
  return {
    putModel: async (weights) => await put(floatsToBytes(weights)),
    hashModel: async (weights) => await rawCidOf(floatsToBytes(weights)),
    getModel: async (root, _length, options) => floatsFromBytes((await get(root, options)).slice()),
    putPayload: put,
    getPayload: async (root, _size, options) => {
      const bytes = await get(root, options)
      return async (offset, length) => bytes.slice(offset, offset + length)
    },
    putShard: async (payload) => {
      const root = await rawCidOf(payload)
      self.transient.set(root.toString(), payload.slice())
      return root
    },
    prune: async () => {}
  }
}
