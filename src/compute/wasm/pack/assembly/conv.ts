// 2-D convolutions of channels-last images, forward and both gradients, as matrix products over patches: each output
// position's kh·kw·c inputs become one row (im2col), a bounded number of positions at a time, so that the rows are still
// in the cache when the product reads them.

import { gemm, gemmScratchBytes } from './gemm'

/** Patches held at once. */
const PATCH_BYTES: i32 = 512 * 1024
const MOST_POSITIONS: i32 = 1024

// The geometry of the convolution at hand: see `convolution`.
let height: i32, width: i32, channels: i32
let outHeight: i32, outWidth: i32, outChannels: i32
let kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, top: i32, left: i32
/** Output positions of the whole batch, and values of one patch. */
let positions: i32, patch: i32

/** Say which convolution the next calls are about. `padTop` and `padLeft`: zeros before the first row and column. */
export function convolution(batch: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32,
  kh: i32, kw: i32, sy: i32, sx: i32, padTop: i32, padLeft: i32): void {
  height = h
  width = w
  channels = c
  outHeight = oh
  outWidth = ow
  outChannels = oc
  kernelHeight = kh
  kernelWidth = kw
  strideY = sy
  strideX = sx
  top = padTop
  left = padLeft
  positions = batch * oh * ow
  patch = kh * kw * c
}

/** How much memory the functions below want as `scratch`. */
export function convScratchBytes(): usize {
  return gemmScratchBytes() + chunk() * patch * 4
}

/** Positions at a time: a multiple of a tile's six rows, where there is room for so many. */
function chunk(): i32 {
  const most = min(MOST_POSITIONS, PATCH_BYTES / max(1, patch * 4))
  return max(1, most >= 6 ? most - (most % 6) : most)
}

/** Whether the image is its own matrix of patches. */
function isPointwise(): bool {
  return kernelHeight == 1 && kernelWidth == 1 && strideY == 1 && strideX == 1 && top == 0 && left == 0
    && outHeight == height && outWidth == width
}

/** out [positions × oc] = patches of x · filter [patch × oc] (+ bias); flags as `gemm`'s. */
export function convForward(x: usize, filter: usize, bias: usize, out: usize, flags: i32, scratch: usize): void {
  const row = outChannels * 4
  const rest = scratch + gemmScratchBytes()
  const step = isPointwise() ? positions : chunk()
  for (let p = 0; p < positions; p += step) {
    const count = min(step, positions - p)
    if (!isPointwise()) gather(x, p, count, rest)
    const rows = isPointwise() ? x : rest
    gemm(count, outChannels, patch, rows, patch * 4, 4, filter, row, 4, out + p * row, row, bias, flags, scratch)
  }
}

/** dFilter [patch × oc] = patches of x, transposed · dy [positions × oc]. */
export function convFilterGradient(x: usize, dy: usize, dFilter: usize, scratch: usize): void {
  const row = outChannels * 4
  const rest = scratch + gemmScratchBytes()
  const step = isPointwise() ? max(1, positions) : chunk()
  if (positions == 0) memory.fill(dFilter, 0, patch * row)
  for (let p = 0; p < positions; p += step) {
    const count = min(step, positions - p)
    if (!isPointwise()) gather(x, p, count, rest)
    const rows = isPointwise() ? x : rest
    gemm(patch, outChannels, count, rows, 4, patch * 4, dy + p * row, row, 4, dFilter, row, 0, p > 0 ? 1 : 0, scratch)
  }
}

/** dx = dy [positions × oc] · filter, transposed [oc × patch], each row added where its patch came from. */
export function convInputGradient(dy: usize, filter: usize, dx: usize, scratch: usize): void {
  const row = outChannels * 4
  const rest = scratch + gemmScratchBytes()
  if (isPointwise()) {
    gemm(positions, patch, outChannels, dy, row, 4, filter, 4, row, dx, patch * 4, 0, 0, scratch)
    return
  }
  const images = positions / max(1, outHeight * outWidth)
  memory.fill(dx, 0, images * height * width * channels * 4)
  const step = chunk()
  for (let p = 0; p < positions; p += step) {
    const count = min(step, positions - p)
    gemm(count, patch, outChannels, dy + p * row, row, 4, filter, 4, row, rest, patch * 4, 0, 0, scratch)
    scatter(rest, p, count, dx)
  }
}

/** Copy the patches of positions first … first + count − 1; zero where a patch overhangs the image. */
function gather(x: usize, first: i32, count: i32, to: usize): void {
  const run = kernelWidth * channels
  for (let p = first; p < first + count; p++) {
    const ox = p % outWidth, oy = p / outWidth % outHeight, image = p / (outWidth * outHeight)
    const from = ox * strideX - left
    const skipped = max(0, -from) * channels
    const end = max(skipped, min(kernelWidth, width - from) * channels)
    for (let ky = 0; ky < kernelHeight; ky++) {
      const y = oy * strideY - top + ky
      if (y < 0 || y >= height) clear(to, run)
      else {
        const source = x + (((image * height + y) * width + from) * channels + skipped) * 4
        clear(to, skipped)
        copy(source, to + skipped * 4, end - skipped)
        clear(to + end * 4, run - end)
      }
      to += run * 4
    }
  }
}

/** The reverse of `gather`: add patches to the image. */
function scatter(patches: usize, first: i32, count: i32, dx: usize): void {
  const run = kernelWidth * channels
  for (let p = first; p < first + count; p++) {
    const ox = p % outWidth, oy = p / outWidth % outHeight, image = p / (outWidth * outHeight)
    const from = ox * strideX - left
    const skipped = max(0, -from) * channels
    const end = max(skipped, min(kernelWidth, width - from) * channels)
    for (let ky = 0; ky < kernelHeight; ky++) {
      const y = oy * strideY - top + ky
      if (y >= 0 && y < height) {
        const target = dx + (((image * height + y) * width + from) * channels + skipped) * 4
        add(patches + skipped * 4, target, end - skipped)
      }
      patches += run * 4
    }
  }
}

// @ts-ignore: decorator
@inline
function clear(to: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + i * 4, 0)
}

// @ts-ignore: decorator
@inline
function copy(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i + 4 <= count; i += 4) v128.store(to + i * 4, v128.load(from + i * 4))
  for (; i < count; i++) store<f32>(to + i * 4, load<f32>(from + i * 4))
}

// @ts-ignore: decorator
@inline
function add(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i + 4 <= count; i += 4) v128.store(to + i * 4, f32x4.add(v128.load(to + i * 4), v128.load(from + i * 4)))
  for (; i < count; i++) store<f32>(to + i * 4, load<f32>(to + i * 4) + load<f32>(from + i * 4))
}
