import { expect } from 'chai'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { BlocksProtocolError } from '../../../protocols/blocks/index.ts'
import { encodeFrame, FrameParser } from '../../../protocols/blocks/framing.ts'
import { decode } from '../../../src/federation/cbor.ts'
import { answerType } from '../../../protocols/blocks/schema.ts'
import { someBytes } from './harness.ts'

const bodies = [someBytes(1), someBytes(20_000, 2), someBytes(300, 3)]

/** `{ size }` frames, each followed by its body, then `{ missing }`. */
function wire(): Uint8Array {
  const list = new Uint8ArrayList()
  for (const body of bodies) {
    list.append(encodeFrame({ size: body.byteLength }))
    list.append(body)
  }
  list.append(encodeFrame({ missing: true }))
  return list.slice()
}

function collect(): { parser: FrameParser; seen: Uint8Array[]; frames: unknown[] } {
  const seen: Uint8Array[] = []
  const frames: unknown[] = []
  const parser = new FrameParser({
    maxFrameBytes: 64,
    onFrame(bytes) {
      const answer = decode(answerType, bytes)
      frames.push(answer)
      return 'size' in answer ? answer.size : 0
    },
    onBody: (bytes) => seen.push(bytes)
  })
  return { parser, seen, frames }
}

describe('blocks framing', () => {
  it('parses the same frames and bodies however they are cut and listed', () => {
    const bytes = wire()
    const cuts = fc.array(fc.integer({ min: 1, max: bytes.byteLength - 1 }), { maxLength: 20 })
    fc.assert(
      fc.property(cuts, fc.boolean(), (positions, asList) => {
        const { parser, seen, frames } = collect()
        const sorted = [0, ...positions.sort((a, b) => a - b), bytes.byteLength]
        const pieces = sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
        if (asList) parser.push(new Uint8ArrayList(...pieces))
        else pieces.forEach((piece) => parser.push(piece))
        expect(seen).to.deep.equal(bodies)
        expect(frames).to.have.length(4)
        expect(parser.partial).to.equal(false)
      })
    )
  })

  it('hands a body over in a buffer of its own, so that storing it keeps nothing else alive', () => {
    const { parser, seen } = collect()
    parser.push(wire())
    for (const body of seen) expect(body.buffer.byteLength).to.equal(body.byteLength)
  })

  it('is in the middle of something until the last byte', () => {
    const { parser } = collect()
    const bytes = wire()
    for (let at = 0; at < 10; at++) {
      parser.push(bytes.subarray(at, at + 1))
      if (at === 0) expect(parser.partial).to.equal(true)
    }
    expect(parser.partial).to.equal(true)
  })

  for (const [what, prefix] of [
    ['above the cap', [65]],
    ['of no bytes', [0]],
    ['with a prefix of four bytes', [0x80, 0x80, 0x80, 1]]
  ] as const) {
    it(`refuses a frame ${what} before it is buffered`, () => {
      expect(() => collect().parser.push(Uint8Array.from(prefix))).to.throw(BlocksProtocolError)
    })
  }
})
