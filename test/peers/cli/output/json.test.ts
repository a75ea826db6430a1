import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { eventLine, jsonLine } from '../../../../peers/cli/output/json.ts'
import { cid } from '../helpers/samples.ts'

const parse = (line: string): unknown => JSON.parse(line)

describe('jsonLine', () => {
  it('writes ids as text, bytes as base64, big numbers and what JSON lacks as text', () => {
    const id = CID.parse('bafyreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')
    const line = jsonLine({
      id,
      nested: [{ id }],
      bytes: Uint8Array.of(1, 2, 255),
      big: 12345678901234567890n,
      not: NaN,
      far: -Infinity,
      error: new TypeError('no'),
      none: null
    })
    expect(parse(line)).to.deep.equal({
      id: id.toString(),
      nested: [{ id: id.toString() }],
      bytes: 'AQL/',
      big: '12345678901234567890',
      not: 'NaN',
      far: '-Infinity',
      error: { name: 'TypeError', message: 'no' },
      none: null
    })
  })

  it('is one line that parses to the value, whatever JSON value it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const line = jsonLine(value)
        expect(line.indexOf('\n')).to.equal(line.length - 1)
        expect(JSON.stringify(parse(line))).to.equal(JSON.stringify(value))
      })
    )
  })
})

describe('eventLine', () => {
  it('begins with the event and the time', () => {
    expect(eventLine('phase', 5, { phase: 'waiting' })).to.equal(
      '{"event":"phase","time":5,"phase":"waiting"}\n'
    )
    expect(parse(eventLine('stop', 5))).to.deep.equal({ event: 'stop', time: 5 })
  })

  it("leaves a commit its own time: that is the library's field", () => {
    expect(parse(eventLine('commit', 5, { cid: cid(1), time: 3 }))).to.deep.equal({
      event: 'commit',
      time: 3,
      cid: cid(1)
    })
  })
})
