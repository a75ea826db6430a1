import { memory, tensor, tidy } from '@tensorflow/tfjs-core'
import { expect } from 'chai'
import { startBackend } from '../../src/compute/backend.ts'
import { normal, seededRandom } from '../../src/random.ts'
import { deviceLoss } from '../../src/training/deviceLoss.ts'
import { InvalidTargetError } from '../../src/training/errors.ts'
import { lossFor } from '../../src/training/loss.ts'

/** Loss, outputs an example, and what targets are drawn from. */
const cases = [
  ['categoricalCrossentropy', 5, (i: number) => i % 5],
  ['binaryCrossentropy', 1, (i: number) => i % 2],
  ['meanSquaredError', 1, (i: number) => i / 3 - 1]
] as const

describe('losses by operations', () => {
  before(() => startBackend('cpu'))

  for (const [name, width, targetOf] of cases) {
    it(`are those of plain arithmetic: ${name}`, () => {
      const random = seededRandom(3)
      const examples = 7
      // Large ones too, where a careless formula overflows.
      const logits = Float32Array.from(
        { length: examples * width },
        (_, i) => (i % 4 === 3 ? 90 : 2) * normal(random)
      )
      const targets = Float32Array.from({ length: examples }, (_, i) => targetOf(i))
      const expected = new Float32Array(logits.length)
      const loss = lossFor(name)
      const sum = loss({ logits, targets, width }, expected)
      const before = memory().numTensors
      const found = tidy(() => {
        const by = deviceLoss(loss)(tensor(logits, [examples, width]), { targets, width })
        return { sum: by.sum.dataSync()[0], slopes: by.slopes.dataSync<'float32'>() }
      })
      expect(found.sum).to.be.closeTo(sum, 1e-4 * Math.abs(sum))
      for (const [i, slope] of expected.entries()) expect(found.slopes[i]).to.be.closeTo(slope, 1e-5)
      expect(memory().numTensors).to.equal(before)
    })
  }

  it('refuse a class that the manifest does not list', () => {
    const logits = tensor([0, 0], [1, 2])
    const by = { targets: Float32Array.of(2), width: 2 }
    expect(() => deviceLoss(lossFor('categoricalCrossentropy'))(logits, by)).to.throw(InvalidTargetError)
    logits.dispose()
  })
})
