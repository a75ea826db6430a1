import { expect } from 'chai'
import { renderQr } from '../../../../peers/cli/output/qr.ts'

const TEXT = `murmur:${'o2Zpbn'.repeat(60)}`
/** Version 1 of the standard: 21 modules a side. */
const SMALLEST = 21
const MARGIN = 2

/** Modules of a drawn code, row by row: true where it is light. */
function modules(code: string): boolean[][] {
  return code
    .split('\n')
    .flatMap((line) => [
      [...line].map((half) => half === '█' || half === '▀'),
      [...line].map((half) => half === '█' || half === '▄')
    ])
}

describe('renderQr', () => {
  it('draws two modules a character, with a quiet zone on all sides', () => {
    const rows = modules(renderQr('murmur:a', 80) ?? '')
    const side = SMALLEST + 2 * MARGIN
    expect(rows[0]).to.have.length(side)
    // One row more, since the side is odd and a character holds two rows: light, like the zone.
    expect(rows).to.have.length(side + 1)
    const zone = rows.flatMap((row, y) =>
      row.filter((_, x) => Math.min(x, y, side - 1 - x, side - 1 - y) < MARGIN)
    )
    expect(zone).to.have.length.above(100)
    expect(zone.every(Boolean)).to.equal(true)
  })

  it('has the three finder patterns, by which a camera knows a code', () => {
    const rows = modules(renderQr('murmur:a', 80) ?? '')
    const corner = (top: number, left: number): boolean[] =>
      Array.from({ length: 7 }, (_, i) => rows[MARGIN + top + 3]?.[MARGIN + left + i] ?? false)
    const middle = [false, true, false, false, false, true, false]
    const far = SMALLEST - 7
    expect([corner(0, 0), corner(0, far), corner(far, 0)]).to.deep.equal([middle, middle, middle])
  })

  it('is not drawn where the terminal is too narrow for it', () => {
    const width = renderQr(TEXT, 500)?.split('\n')[0]?.length ?? 0
    expect(width).to.be.above(60)
    expect(renderQr(TEXT, width)).to.be.a('string')
    expect(renderQr(TEXT, width - 1)).to.equal(null)
  })

  it('is not drawn where the text is too long for any code', () => {
    expect(renderQr('x'.repeat(3000), 10_000)).to.equal(null)
  })
})
