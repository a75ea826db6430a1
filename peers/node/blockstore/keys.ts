/** Blocks are filed by hash alone, as in every blockstore: the codec in a CID says how to read bytes, not which. */
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import * as Digest from 'multiformats/hashes/digest'

/** The multihash in base32. */
export function keyOf(cid: CID): string {
  return base32.encode(cid.multihash.bytes)
}

/** A CID with that multihash, and the raw codec. */
export function cidOfKey(key: string): CID {
  return CID.createV1(raw.code, Digest.decode(base32.decode(key)))
}
