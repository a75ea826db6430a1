/**
 * int8: whole multiples of a scale, one byte a value, a scale for each 256 values so that one large value coarsens only
 * its neighbours (blockwise absmax quantisation, Dettmers et al. 2022). 1.016 bytes a value; error at most half a scale:
 * the largest magnitude of the block / 254.
 */
import { conversion } from '../compute/vectors/conversion.ts'
import { absMax, blockCodec, codeOf } from './blockwise.ts'
import type { BlockFormat } from './blockwise.ts'

const LARGEST = 127

/** Its plain loops are the reference of the kernel. */
export const int8Format: BlockFormat = {
  name: 'int8',
  errorFeedback: false,
  blockValues: 256,
  bits: 8,
  largestCode: LARGEST,
  scaleOf: (values) => absMax(values) / LARGEST,
  pack(values, scale, codes) {
    if (!(scale > 0)) return
    const steps = 1 / scale
    for (let i = 0; i < values.length; i++) codes[i] = codeOf(values[i] * steps, LARGEST)
  },
  unpack(codes, scale, out) {
    let isUsed = true
    for (let i = 0; i < out.length; i++) {
      const code = (codes[i] << 24) >> 24
      if (code < -LARGEST) isUsed = false
      out[i] = code * scale
    }
    return isUsed
  },
  kernel: () => conversion('int8')
}

export const int8 = blockCodec(int8Format)
