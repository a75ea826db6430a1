// Winograd's filtering (winograd.ts) for any number of channels: operands whose channels are no multiple of four are copied
// with zeros beside them, and results without these.

import { whole } from './lanes'
import { winogradFilterGradient, winogradForward, winogradInputGradient, winogradScratchBytes } from './winograd'
import { clear } from './winogradTiles'

/** How much memory is wanted as `scratch`: copies, and what winograd.ts wants. */
export function wideScratchBytes(images: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32): usize {
  return bytesOf(images * h * w, c) + bytesOf(images * oh * ow + 1, oc) + filterBytes(k, c, oc)
    + winogradScratchBytes(whole(c), whole(oc), k, max(w, ow))
}

export function wideForward(x: usize, filter: usize, bias: usize, out: usize, flags: i32, images: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, top: i32, left: i32, scratch: usize): void {
  let free = scratch
  const inputs = widened(images * h * w, c, x, free)
  free += bytesOf(images * h * w, c)
  const taps = widenedFilter(k, c, oc, filter, free)
  free += filterBytes(k, c, oc)
  const offsets = bias ? widened(1, oc, bias, free) : 0
  free += bytesOf(1, oc)
  const to = oc & 3 ? free : out
  free += bytesOf(images * oh * ow, oc)
  winogradForward(inputs, taps, offsets, to, flags, images, h, w, whole(c), oh, ow, whole(oc), k, top, left, free)
  if (oc & 3) copyRows(images * oh * ow, to, whole(oc), out, oc)
}

export function wideInputGradient(dy: usize, filter: usize, dx: usize, images: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, top: i32, left: i32, scratch: usize): void {
  let free = scratch
  const slopes = widened(images * oh * ow, oc, dy, free)
  free += bytesOf(images * oh * ow, oc)
  const taps = widenedFilter(k, c, oc, filter, free)
  free += filterBytes(k, c, oc)
  const to = c & 3 ? free : dx
  free += bytesOf(images * h * w, c)
  winogradInputGradient(slopes, taps, to, images, h, w, whole(c), oh, ow, whole(oc), k, top, left, free)
  if (c & 3) copyRows(images * h * w, to, whole(c), dx, c)
}

export function wideFilterGradient(x: usize, dy: usize, dFilter: usize, images: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, top: i32, left: i32, scratch: usize): void {
  let free = scratch
  const inputs = widened(images * h * w, c, x, free)
  free += bytesOf(images * h * w, c)
  const slopes = widened(images * oh * ow, oc, dy, free)
  free += bytesOf(images * oh * ow, oc)
  const to = (c | oc) & 3 ? free : dFilter
  free += filterBytes(k, c, oc)
  winogradFilterGradient(inputs, slopes, to, images, h, w, whole(c), oh, ow, whole(oc), k, top, left, free)
  if (to == dFilter) return
  for (let i = 0; i < k * k; i++) copyRows(c, to + i * whole(c) * whole(oc) * 4, whole(oc), dFilter + i * c * oc * 4, oc)
}

/** Of a copy of [rows × n]: none is made of what is wide enough. */
function bytesOf(rows: i32, n: i32): usize {
  return n & 3 ? rows * whole(n) * 4 : 0
}

function filterBytes(k: i32, c: i32, oc: i32): usize {
  return (c | oc) & 3 ? k * k * whole(c) * whole(oc) * 4 : 0
}

/** from [rows × n], or a copy of it with rows of whole vectors. */
function widened(rows: i32, n: i32, from: usize, to: usize): usize {
  if (!(n & 3)) return from
  copyRows(rows, from, n, to, whole(n))
  return to
}

/** filter [k × k × c × oc], or a copy with both channels in whole vectors. */
function widenedFilter(k: i32, c: i32, oc: i32, filter: usize, to: usize): usize {
  if (!((c | oc) & 3)) return filter
  clear(to, filterBytes(k, c, oc))
  for (let i = 0; i < k * k; i++) copyRows(c, filter + i * c * oc * 4, oc, to + i * whole(c) * whole(oc) * 4, whole(oc))
  return to
}

/** to [rows × wide] from [rows × n], zero beyond the last column, or without what is beyond it. */
function copyRows(rows: i32, from: usize, n: i32, to: usize, wide: i32): void {
  const both = min(n, wide)
  for (; rows > 0; rows--) {
    let i = 0
    for (; i + 4 <= both; i += 4) v128.store(to + i * 4, v128.load(from + i * 4))
    for (; i < both; i++) store<f32>(to + i * 4, load<f32>(from + i * 4))
    for (; i < wide; i++) store<f32>(to + i * 4, 0)
    from += n * 4
    to += wide * 4
  }
}
