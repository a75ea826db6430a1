/** Vectors and payloads of simulated engines by hash: own ones on disk, spans of others' lost with the memory. */
import { BlocksUnavailableError } from '../../../protocols/blocks/index.ts'
import { rawCidOf } from '../../../src/federation/cbor.ts'
import { floatsFromBytes, floatsToBytes } from '../../../src/vectors.ts'
import type { EngineActor } from './actor.ts'
import type { EngineStage } from './stage.ts'
import type { ByteSpan } from '../../../src/codecs/index.ts'
import type { BlockExchange, FetchOptions } from '../../engine/components.ts'
import type { CID } from 'multiformats/cid'

export function simulatedBlocks(stage: EngineStage, self: EngineActor): BlockExchange {
  const put = async (bytes: Uint8Array): Promise<CID> => {
    const cid = await rawCidOf(bytes)
    const writes = [{ key: `block/${cid}`, value: bytes.slice() }]
    await new Promise<void>((resolve) => self.disk.write(writes, resolve))
    return cid
  }
  const get = async (root: CID, span: ByteSpan, options: FetchOptions): Promise<Uint8Array> => {
    const key = root.toString()
    const own = self.bytesOf(key, span)
    if (own != null) return own
    const bytes = await stage.fetch(self, { root: key, span }, options)
    options.signal.throwIfAborted()
    if (bytes == null) throw new BlocksUnavailableError([root], [])
    self.pieces.hold(key, { at: span.offset, bytes })
    return bytes
  }
  return {
    putModel: async (weights) => await put(floatsToBytes(weights)),
    hashModel: async (weights) => await rawCidOf(floatsToBytes(weights)),
    getModel: async (root, values, options) => {
      const length = values * Float32Array.BYTES_PER_ELEMENT
      return floatsFromBytes(await get(root, { offset: 0, length }, options))
    },
    putPayload: put,
    getPayload: async (root, size, { spans = [{ offset: 0, length: size }], ...options }) => {
      for (const span of spans) await get(root, span, options)
      return async (offset, length) => await get(root, { offset, length }, options)
    },
    putShard: async (payload) => {
      const root = await rawCidOf(payload)
      self.pieces.hold(root.toString(), { at: 0, bytes: payload.slice() })
      return root
    },
    prune: async () => {}
  }
}
