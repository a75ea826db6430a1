/**
 * Addresses for simulations: a CID whose digest is no SHA-256 but a quick hash of the value's parts. Equal values have
 * equal addresses; nobody in a simulation looks for collisions.
 */
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'

const SHA_256 = 0x12

/** Four lanes of 32 bits, each mixed by multiplication (murmur3's constants). */
class Hash {
  #a = 0x9e3779b9
  #b = 0x85ebca6b
  #c = 0xc2b2ae35
  #d = 0x27d4eb2f

  word(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0xcc9e2d51)
    this.#a ^= this.#a >>> 15
    this.#b = Math.imul((this.#b + word) ^ (this.#a >>> 7), 0x1b873593)
    this.#c = Math.imul(this.#c ^ this.#b, 0xe6546b64) + word
    this.#d = (this.#d + Math.imul(this.#c ^ (this.#c >>> 13), 0x85ebca6b)) ^ this.#a
  }

  text(text: string): void {
    this.word(text.length)
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i))
  }

  /** Mixes once more; then `name` and `digest` say the same. */
  finish(): this {
    for (let i = 0; i < 4; i++) this.word(i)
    return this
  }

  /** Eight characters of 16 bits. */
  name(): string {
    const [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d]
    return String.fromCharCode(
      a >>> 16,
      a & 0xffff,
      b >>> 16,
      b & 0xffff,
      c >>> 16,
      c & 0xffff,
      d >>> 16,
      d & 0xffff
    )
  }

  digest(): Uint8Array {
    const words = new Uint32Array([this.#a, this.#b, this.#c, this.#d])
    const bytes = new Uint8Array(32)
    bytes.set(new Uint8Array(words.buffer))
    bytes.set(new Uint8Array(words.buffer), 16)
    return bytes
  }
}

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)

/** All peers address the same values: a CID, and its text, cost more than the hash. */
const recent = new Map<string, CID>()
const MAX_RECENT = 4096

/** The address of a value made of numbers, texts, bytes, CIDs, lists and objects whose keys come in a fixed order. */
export function addressOf(value: unknown): CID {
  const hash = new Hash()
  add(hash, value)
  const name = hash.finish().name()
  const known = recent.get(name)
  if (known != null) return known
  if (recent.size >= MAX_RECENT) recent.clear()
  const cid = CID.createV1(raw.code, create(SHA_256, hash.digest()))
  recent.set(name, cid)
  return cid
}

function add(hash: Hash, value: unknown): void {
  if (typeof value === 'string') hash.text(value)
  else if (typeof value === 'number') addNumber(hash, value)
  else if (typeof value === 'object' && value !== null) addObject(hash, value)
  else hash.text(String(value))
}

function addNumber(hash: Hash, value: number): void {
  double[0] = value
  hash.word(halves[0])
  hash.word(halves[1])
}

function addObject(hash: Hash, value: object): void {
  if (value instanceof Float32Array) return addFloats(hash, value)
  if (value instanceof Uint8Array) return addBytes(hash, value)
  if (value instanceof CID) return addBytes(hash, value.multihash.digest)
  if (Array.isArray(value)) hash.word(value.length)
  for (const item of Object.values(value)) add(hash, item)
}

function addBytes(hash: Hash, bytes: Uint8Array): void {
  hash.word(bytes.length)
  for (let i = 0; i < bytes.length; i++) hash.word(bytes[i])
}

function addFloats(hash: Hash, floats: Float32Array): void {
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length)
  for (let i = 0; i < words.length; i++) hash.word(words[i])
}
