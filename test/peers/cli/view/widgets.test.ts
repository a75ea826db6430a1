import { expect } from 'chai'
import fc from 'fast-check'
import { displayWidth } from '../../../../peers/cli/output/width.ts'
import { bar, ends, joinFitting, sparkline } from '../../../../peers/cli/view/widgets.ts'

describe('bar', () => {
  it('fills by eighths of a column', () => {
    expect(bar(0, 4)).to.equal('░░░░')
    expect(bar(0.5, 4)).to.equal('██░░')
    expect(bar(1 / 32, 4)).to.equal('▏░░░')
    expect(bar(1, 4)).to.equal('████')
  })

  it('has exactly its columns, whatever the share', () => {
    fc.assert(
      fc.property(fc.double(), fc.nat(80), (share, columns) => displayWidth(bar(share, columns)) === columns)
    )
  })
})

describe('sparkline', () => {
  it('spans from the lowest to the highest value', () => {
    expect(sparkline([1, 2, 3], 10)).to.equal('▁▅█')
    expect(sparkline([5, 5], 10)).to.equal('▄▄')
    expect(sparkline([], 10)).to.equal('')
  })

  it('keeps the latest values, and none where there is no room', () => {
    expect(sparkline([9, 1, 2, 3], 3)).to.equal('▁▅█')
    expect(sparkline([1, 2, 3], 0)).to.equal('')
    expect(sparkline([1, 2, 3], -7)).to.equal('')
  })
})

describe('ends', () => {
  it('puts two texts at the ends of a line, and drops the right one where both do not fit', () => {
    expect(ends('left', 'right', 12)).to.equal('left   right')
    expect(ends('left', 'right', 11)).to.equal('left  right')
    expect(ends('left', 'right', 10)).to.equal('left')
  })
})

describe('joinFitting', () => {
  it('leaves out the parts that do not fit', () => {
    expect(joinFitting(['a', 'b', 'c'], 9)).to.equal('a · b · c')
    expect(joinFitting(['a', 'b', 'c'], 8)).to.equal('a · b')
    expect(joinFitting(['abc'], 2)).to.equal('')
  })
})
