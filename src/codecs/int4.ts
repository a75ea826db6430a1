/**
 * int4: whole multiples of a scale, −7 to 7, half a byte a value, a scale for each 64 values (blockwise absmax
 * quantisation). 0.5625 bytes a value; error at most half a scale: the largest magnitude of the block / 14.
 */
import { absMax, blockCodec, codeOf } from './blockwise.ts'

const LARGEST = 7

export const int4 = blockCodec({
  name: 'int4',
  errorFeedback: true,
  blockValues: 64,
  bits: 4,
  largestCode: LARGEST,
  scaleOf: (values) => absMax(values) / LARGEST,
  pack(values, scale, codes) {
    if (!(scale > 0)) return
    const steps = 1 / scale
    for (let i = 0; i < values.length; i++) {
      const code = codeOf(values[i] * steps, LARGEST)
      codes[i >> 1] |= (code & 15) << (4 * (i & 1))
    }
  },
  unpack(codes, scale, out) {
    let isUsed = true
    for (let i = 0; i < out.length; i++) {
      const code = (((codes[i >> 1] >>> (4 * (i & 1))) & 15) << 28) >> 28
      if (code < -LARGEST) isUsed = false
      out[i] = code * scale
    }
    return isUsed
  }
})
