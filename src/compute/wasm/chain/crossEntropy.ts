/** Softmax's cross-entropy at the end of a chain. */
import { lossOfTotals } from '../softmax.ts'
import type { ChainLoss } from './index.ts'

/** `classes`: from 0 to one less than the outputs, one an example. The loss is the sum of the batch's. */
export function crossEntropyOf(classes: Int32Array): ChainLoss {
  const rows = classes.length
  return (output, slopes, { functions, scratch }) => {
    const at = scratch(12 * rows)
    const totals = at + 4 * rows
    const { buffer } = output.view()
    new Int32Array(buffer, at, rows).set(classes)
    functions.crossEntropy(rows, output.length / rows, output.at, at, slopes.at, totals)
    return lossOfTotals(new Float32Array(buffer, totals, 2 * rows))
  }
}
