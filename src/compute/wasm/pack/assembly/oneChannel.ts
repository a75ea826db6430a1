// Convolutions of images of one channel, with stride 1: a line of the image, shifted by each column of the filter, is a row
// of the matrix of patches turned over, so kw shifted copies of each line hold all patches, where kh·kw values a position would
// have to be copied otherwise. Outputs come out channel by channel and are turned over, a row of the image at a time.

import { gemm, tileOf } from './gemm'
import { whole } from './lanes'
import { FROM_ZERO } from './tile'
import { transpose } from './transpose'

const ACCUMULATE: i32 = 1
const RELU: i32 = 2
/** Shifted lines held at once. */
const BAND_BYTES: i32 = 64 * 1024

/** The images, their outputs and the filter: see `convolution` in conv.ts. */
let height: i32, width: i32, outHeight: i32, outWidth: i32, taps: i32, rows: i32, top: i32, left: i32
/** A line's values in whole panels, and output rows of a band. */
let line: i32, band: i32

function begin(h: i32, w: i32, oh: i32, ow: i32, kh: i32, kw: i32, padTop: i32, padLeft: i32): void {
  height = h
  width = w
  outHeight = oh
  outWidth = ow
  rows = kh
  taps = kw
  top = padTop
  left = padLeft
  line = (ow + 7) & ~7
  band = bandOf(oh, kh, kw)
}

function bandOf(oh: i32, kh: i32, kw: i32): i32 {
  return min(oh, max(1, BAND_BYTES / (kw * line * 4) - kh + 1))
}

/** How much memory is wanted as `scratch`, beside `gemm`'s. */
export function oneChannelBytes(oh: i32, ow: i32, oc: i32, kh: i32, kw: i32): usize {
  line = (ow + 7) & ~7
  return ((bandOf(oh, kh, kw) + kh) * kw * line + (2 * line + 1) * whole(oc)) * 4
}

/** out [images × oh × ow × oc] = x [images × h × w] * filter [kh × kw × oc], + bias; flags as `gemm`'s. */
export function oneChannelForward(x: usize, filter: usize, bias: usize, out: usize, flags: i32, images: i32,
  h: i32, w: i32, oh: i32, ow: i32, oc: i32, kh: i32, kw: i32, padTop: i32, padLeft: i32, scratch: usize): void {
  begin(h, w, oh, ow, kh, kw, padTop, padLeft)
  const lines = scratch + whole(oc) * 4
  const sums = lines + (band + kh) * kw * line * 4
  const least: f32 = flags & RELU ? 0 : -Infinity
  for (let i = 0; i < oc; i++) store<f32>(scratch + i * 4, bias ? load<f32>(bias + i * 4) : 0)
  for (let i = 0; i < images; i++) {
    for (let y = 0; y < oh; y += band) {
      const end = min(oh, y + band)
      shifted(x, y, end - y + kh - 1, lines)
      for (let r = y; r < end; r++) {
        byChannel(lines + (r - y) * kw * line * 4, filter, oc, sums)
        finish(sums, oc, scratch, least, out)
        out += ow * oc * 4
      }
    }
    x += h * w * 4
  }
}

/** dFilter [kh × kw × oc] = shifted lines · dy [images × oh × ow × oc]. `rest`: memory beside gemm's. */
export function oneChannelFilterGradient(x: usize, dy: usize, dFilter: usize, images: i32,
  h: i32, w: i32, oh: i32, ow: i32, oc: i32, kh: i32, kw: i32, padTop: i32, padLeft: i32, scratch: usize, rest: usize): void {
  begin(h, w, oh, ow, kh, kw, padTop, padLeft)
  let flags = 0
  for (let i = 0; i < images; i++) {
    for (let y = 0; y < oh; y += band) {
      const end = min(oh, y + band)
      shifted(x, y, end - y + kh - 1, rest)
      for (let r = y; r < end; r++) {
        gemm(kh * kw, oc, ow, rest + (r - y) * kw * line * 4, line * 4, 4, dy, oc * 4, 4, dFilter, oc * 4, 0, flags, scratch)
        flags = ACCUMULATE
        dy += ow * oc * 4
      }
    }
    x += h * w * 4
  }
}

/** to [count × kw × line]: lines from output row `first` on, shifted to the left by 0 … kw − 1, zero beyond the image. */
function shifted(image: usize, first: i32, count: i32, to: usize): void {
  for (let y = first - top; y < first - top + count; y++) {
    for (let k = 0; k < taps; k++) {
      const before = min(outWidth, max(0, left - k))
      const end = y < 0 || y >= height ? before : max(before, min(outWidth, width + left - k))
      let i = 0
      for (; i < before; i++) store<f32>(to + i * 4, 0)
      const from = image + (y * width + k - left) * 4
      for (; i + 4 <= end; i += 4) v128.store(to + i * 4, v128.load(from + i * 4))
      for (; i < end; i++) store<f32>(to + i * 4, load<f32>(from + i * 4))
      for (; i < line; i++) store<f32>(to + i * 4, 0)
      to += line * 4
    }
  }
}

/** sums [oc × line] = filter [kh·kw × oc], turned over · lines [kh·kw × line]. */
function byChannel(lines: usize, filter: usize, oc: i32, sums: usize): void {
  const row = line * 4
  for (let j = 0; j < row; j += 32) {
    for (let i = 0; i < oc; i += 6) {
      tileOf(min(6, oc - i), rows * taps, filter + i * 4, 4, oc * 4, lines + j, row, sums + i * row + j, row, FROM_ZERO, 0)
    }
  }
}

/** out [ow × oc] = sums [oc × line], turned over, + bias, at least `least`; NaN stays. */
function finish(sums: usize, oc: i32, bias: usize, least: f32, out: usize): void {
  const wide = whole(oc), rest = oc & 3
  let turned = sums + line * wide * 4
  transpose(wide, line, sums, turned)
  for (let p = 0; p < outWidth; p++) {
    let i = 0
    for (; i < oc - rest; i += 4) v128.store(out + i * 4, ended(turned + i * 4, bias + i * 4, least))
    if (rest) {
      const values = ended(turned + i * 4, bias + i * 4, least)
      v128.store32_lane(out + i * 4, values, 0)
      if (rest > 1) v128.store32_lane(out + i * 4, values, 1, 4)
      if (rest > 2) v128.store32_lane(out + i * 4, values, 2, 8)
    }
    turned += wide * 4
    out += oc * 4
  }
}

// @ts-ignore: decorator
@inline
function ended(sums: usize, bias: usize, least: f32): v128 {
  return f32x4.pmax(f32x4.add(v128.load(sums), v128.load(bias)), f32x4.splat(least))
}
