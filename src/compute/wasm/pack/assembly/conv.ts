// 2-D convolutions of channels-last images, forward and both gradients, as matrix products over patches: each output
// position's kh·kw·c inputs become one row (im2col), a bounded number of positions at a time, so that the rows are still
// in the cache when the product reads them. Or with fewer products (winograd.ts), or by lines (oneChannel.ts), where that pays.

import { gemm, gemmScratchBytes } from './gemm'
import { oneChannelBytes, oneChannelFilterGradient, oneChannelForward } from './oneChannel'
import { winogradPays } from './winograd'
import { wideFilterGradient, wideForward, wideInputGradient, wideScratchBytes } from './winogradWide'

/** Patches held at once. */
const PATCH_BYTES: i32 = 512 * 1024
const MOST_POSITIONS: i32 = 1024
/** Outputs in a row from which lines of one channel are better than patches, and outputs' channels up to which, forward. */
const LONG_LINE: i32 = 16
const FEW_CHANNELS: i32 = 16

// The geometry of the convolution at hand: see `convolution`.
let height: i32, width: i32, channels: i32
let outHeight: i32, outWidth: i32, outChannels: i32
let kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, top: i32, left: i32
/** Images of the batch, their output positions, and values of one patch. */
let images: i32, positions: i32, patch: i32
/** Whether fewer products pay, on the way to the outputs (and to the filter), and back to the inputs. */
let fewer: bool, fewerBack: bool
/** Whether it goes by lines. */
let byLines: bool

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
  images = batch
  positions = batch * oh * ow
  patch = kh * kw * c
  byLines = c == 1 && sy == 1 && sx == 1 && ow >= LONG_LINE && !isPointwise()
  const isCandidate = kh == kw && sy == 1 && sx == 1
  fewer = isCandidate && winogradPays(batch, oh, ow, c, oc, kh, positions)
  fewerBack = isCandidate && winogradPays(batch, h, w, oc, c, kh, positions)
}

/** How much memory the functions below want as `scratch`. */
export function convScratchBytes(): usize {
  const rows = (chunk() / max(1, outWidth) + 2) * strideY + kernelHeight
  const plain = gemmScratchBytes() + (chunk() * patch + outWidth * rows * kernelWidth * channels) * 4 + 32
  if (byLines) {
    return plain + oneChannelBytes(outHeight, outWidth, outChannels, kernelHeight, kernelWidth)
  }
  if (!fewer && !fewerBack) return plain
  return max(plain, wideScratchBytes(images, height, width, channels, outHeight, outWidth, outChannels, kernelHeight))
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
  if (fewer) {
    wideForward(x, filter, bias, out, flags, images,
      height, width, channels, outHeight, outWidth, outChannels, kernelHeight, top, left, scratch)
    return
  }
  if (byLines && outChannels <= FEW_CHANNELS) {
    oneChannelForward(x, filter, bias, out, flags, images,
      height, width, outHeight, outWidth, outChannels, kernelHeight, kernelWidth, top, left, scratch)
    return
  }
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
  if (fewer) {
    wideFilterGradient(x, dy, dFilter, images,
      height, width, channels, outHeight, outWidth, outChannels, kernelHeight, top, left, scratch)
    return
  }
  const row = outChannels * 4
  const rest = scratch + gemmScratchBytes()
  if (byLines && images * outHeight > 0) {
    oneChannelFilterGradient(x, dy, dFilter, images,
      height, width, outHeight, outWidth, outChannels, kernelHeight, kernelWidth, top, left, scratch, rest)
    return
  }
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
  if (fewerBack) {
    wideInputGradient(dy, filter, dx, images,
      height, width, channels, outHeight, outWidth, outChannels, kernelHeight, top, left, scratch)
    return
  }
  const row = outChannels * 4
  const rest = scratch + gemmScratchBytes()
  if (isPointwise()) {
    gemm(positions, patch, outChannels, dy, row, 4, filter, 4, row, dx, patch * 4, 0, 0, scratch)
    return
  }
  memory.fill(dx, 0, images * height * width * channels * 4)
  const step = chunk()
  for (let p = 0; p < positions; p += step) {
    const count = min(step, positions - p)
    gemm(count, patch, outChannels, dy + p * row, row, 4, filter, 4, row, rest, patch * 4, 0, 0, scratch)
    scatter(rest, p, count, dx)
  }
}

/** Copy the patches of positions first … first + count − 1 from the images, one image after the other. */
function gather(x: usize, first: i32, count: i32, to: usize): void {
  const each = outHeight * outWidth
  const bands = to + usize(chunk() * patch * 4 + 16)
  for (const end = first + count; first < end;) {
    const image = first / each
    const stop = min(end, (image + 1) * each)
    gatherWithin(x + image * height * width * channels * 4, first % each, stop - first, to, bands)
    to += (stop - first) * patch * 4
    first = stop
  }
}

/**
 * The patches of one image, each of its rows' windows copied once, though each is in kh patches: by columns of windows, in
 * which (`bands`) a patch lies in one piece. What is copied in whole vectors ends with too much, over which the next is written.
 */
function gatherWithin(image: usize, first: i32, count: i32, to: usize, bands: usize): void {
  const run = kernelWidth * channels
  const row = first / outWidth
  const rows = ((first + count - 1) / outWidth - row) * strideY + kernelHeight
  windows(image, row * strideY - top, rows, bands)
  let ox = first % outWidth, from = bands + ox * rows * run * 4
  for (; count > 0; count--) {
    for (let i = 0; i < patch; i += 4) v128.store(to + i * 4, v128.load(from + i * 4))
    to += patch * 4
    from += rows * run * 4
    if (++ox < outWidth) continue
    ox = 0
    from += (strideY - outWidth * rows) * run * 4
  }
}

/** to [ow × rows × kw·c]: the windows of rows y …, zero where they overhang the image. */
function windows(image: usize, y: i32, rows: i32, to: usize): void {
  const run = kernelWidth * channels, line = width * channels * 4
  for (let ox = 0; ox < outWidth; ox++) {
    const from = ox * strideX - left
    const skipped = max(0, -from) * channels
    const stop = max(skipped, min(kernelWidth, width - from) * channels)
    let source = image + y * line + from * channels * 4
    for (let r = y; r < y + rows; r++) {
      if (r < 0 || r >= height) clear(to, run)
      else {
        clear(to, skipped)
        copy(source + skipped * 4, to + skipped * 4, stop - skipped)
        clear(to + stop * 4, run - stop)
      }
      to += run * 4
      source += line
    }
  }
}

/** The reverse of `gather`: add patches to the image. */
function scatter(patches: usize, first: i32, count: i32, dx: usize): void {
  const run = kernelWidth * channels, line = width * channels * 4
  let ox = first % outWidth, oy = first / outWidth % outHeight
  let image = dx + first / (outWidth * outHeight) * height * line
  for (let p = 0; p < count; p++) {
    const from = ox * strideX - left
    const skipped = max(0, -from) * channels
    const stop = max(skipped, min(kernelWidth, width - from) * channels)
    let y = oy * strideY - top
    let target = image + y * line + from * channels * 4
    for (let ky = 0; ky < kernelHeight; ky++) {
      if (y >= 0 && y < height) add(patches + skipped * 4, target + skipped * 4, stop - skipped)
      patches += run * 4
      target += line
      y++
    }
    if (++ox < outWidth) continue
    ox = 0
    if (++oy < outHeight) continue
    oy = 0
    image += height * line
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
