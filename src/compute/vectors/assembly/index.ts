// What the module exports.

export { decodeInt8, encodeInt8 } from './blockwise'
export { median, weightedSum } from './columns'
export { decodeBf16, decodeFp16, encodeBf16, encodeFp16 } from './halves'
