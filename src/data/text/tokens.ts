/** Text → token ids, as the manifest says. 0 pads, and stands for characters outside the alphabet. */
import type { TextInput } from '../../federation/manifest/schema.ts'

const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu

/** Token ids of a text, at most `input.length` of them. */
export type Tokenizer = (text: string) => number[]

/** The tokenizer of a manifest. */
export function tokenizer(input: TextInput): Tokenizer {
  const { tokens, length } = input
  return tokens.kind === 'characters' ? characters(tokens.alphabet, length) : words(tokens.buckets, length)
}

/** Ids in use: 0 … vocabularySize − 1. The size of an embedding layer's input. */
export function vocabularySize({ tokens }: TextInput): number {
  return tokens.kind === 'characters' ? [...tokens.alphabet].length + 1 : tokens.buckets
}

/** FNV-1a, 32 bit, of UTF-8 bytes: http://www.isthe.com/chongo/tech/comp/fnv/ */
export function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

function characters(alphabet: string, length: number): Tokenizer {
  const ids = new Map<string, number>()
  for (const [i, character] of [...alphabet].entries()) {
    if (!ids.has(character)) ids.set(character, i + 1)
  }
  return (text) => {
    const out: number[] = []
    for (const character of text) {
      if (out.length === length) break
      out.push(ids.get(character) ?? 0)
    }
    return out
  }
}

function words(buckets: number, length: number): Tokenizer {
  const encoder = new TextEncoder()
  return (text) => {
    const out: number[] = []
    for (const [word] of text.toLowerCase().matchAll(WORD)) {
      if (out.length === length) break
      out.push(1 + (fnv1a(encoder.encode(word)) % (buckets - 1)))
    }
    return out
  }
}
