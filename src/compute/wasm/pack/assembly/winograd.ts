// Convolutions of stride 1 by 3×3 and 5×5 filters with fewer products (Lavin & Gray 2016): tiles of 6×6 or 8×8 inputs, which
// overlap, give 4×4 outputs. Inputs and filter are transformed to as many points (points.ts), at each of which the
// convolution is a product [tiles × in] · [in × out]: 36 multiplications where the plain way has 144, or 64 for 400.
//
// A block of tiles at a time goes all the way, so that it stays in the second cache. NaN or an infinity reaches at least the
// outputs that it should, mostly as NaN, and at most all others of the tiles that it is in. Channels are multiples of four
// here; for others see winogradWide.ts.

import { gemm, gemmScratchBytes, tileOf } from './gemm'
import { whole } from './lanes'
import { FROM_ZERO } from './tile'
import { clear, columnValues, SIDE, tilePoints, tileRest, tileValues, tiling, toPoints, toValues } from './winogradTiles'
import { transpose } from './transpose'

const ACCUMULATE: i32 = 1
const RELU: i32 = 2
/** What is transformed at once, inputs and outputs together; and how many tiles that is at least and at most. */
const BLOCK_BYTES: i32 = 640 * 1024
const FEWEST_TILES: i32 = 48
const MOST_TILES: i32 = 192
/** Input channels of a filter transformed at once: enough to write whole lines of the cache. */
const FILTER_ROWS: i32 = 16

/** Channels from which it can pay; so it does in the narrow sisters by which self-checks judge (src/training/selfCheck.ts). */
const FEWEST_CHANNELS: i32 = 8
/** Values of a filter's tap up to which it is tried: at 64 points these are 67 MB. */
const MOST_TAP: f64 = 512 * 512

// The convolution at hand: see `begin`.
let height: i32, width: i32, channels: i32
let outHeight: i32, outWidth: i32, outChannels: i32
let taps: i32, top: i32, left: i32
/** Tiles of all images, and of a block. */
let tiles: i32, most: i32
/** Points on a tile's side, and of a tile. */
let points: i32, planes: i32

/** x [images × h × w × c] to [images × oh × ow × oc] by k × k taps. `padTop`, `padLeft`: zeros before the first pixels. */
function begin(images: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, padTop: i32, padLeft: i32): void {
  height = h
  width = w
  channels = c
  outHeight = oh
  outWidth = ow
  outChannels = oc
  taps = k
  top = padTop
  left = padLeft
  points = SIDE + k - 1
  planes = points * points
  tiles = images * tiling(oh, ow, points)
  most = blockOf(c, oc, planes)
}

/**
 * Whether a convolution to `images` of oh × ow outputs is faster so than by products over patches of as many `positions`.
 * Measured with 4 to 512 channels, 5 to 28 pixels a side, 1 to 10 images: an input channel costs 1 + 8/c of what its products
 * do, as tiles are transformed, and the filter's transform as much as ten tiles. Channels count in fours.
 */
export function winogradPays(images: i32, oh: i32, ow: i32, c: i32, oc: i32, k: i32, positions: i32): bool {
  const wide = whole(c), wideOut = whole(oc)
  if (k != 3 && k != 5 || min(wide, wideOut) < FEWEST_CHANNELS || f64(wide) * wideOut > MOST_TAP) return false
  const points = SIDE + k - 1
  const count = images * tiling(oh, ow, points)
  return f64(count + 10) * (points * points) * (wide + 8) * wideOut < f64(positions) * (k * k) * (c * oc)
}

/** Tiles at a time: a multiple of six, the rows of a matrix product's tile. */
function blockOf(c: i32, oc: i32, planes: i32): i32 {
  const held = BLOCK_BYTES / (planes * (c + up(oc)) * 4)
  return min(MOST_TILES, max(FEWEST_TILES, held - held % 6))
}

/** Channels in whole panels of eight. */
// @ts-ignore: decorator
@inline
function up(n: i32): i32 {
  return (n + 7) & ~7
}

/** How much memory is wanted as `scratch`, from c to oc channels or back, by k × k taps on rows of up to w pixels. */
export function winogradScratchBytes(c: i32, oc: i32, k: i32, w: i32): usize {
  const wide = up(max(c, oc)), points = SIDE + k - 1, planes = points * points
  const filter = planes * up(c) * up(oc)
  const block = planes * max(blockOf(c, oc, planes), blockOf(oc, c, planes)) * (up(c) + up(oc))
  const rest = max(tileRest(w, wide), points * k * FILTER_ROWS * wide)
  return gemmScratchBytes() + (filter + block + rest + k * k * c * oc + wide) * 4
}

/** out [images × oh × ow × oc] = x [images × h × w × c] * filter [k × k × c × oc], + bias; flags as `gemm`'s. */
export function winogradForward(x: usize, filter: usize, bias: usize, out: usize, flags: i32, images: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, padTop: i32, padLeft: i32, scratch: usize): void {
  begin(images, h, w, c, oh, ow, oc, k, padTop, padLeft)
  correlate(x, filter, c * oc * 4, bias, out, flags, scratch)
}

/** dx [images × h × w × c] = dy [images × oh × ow × oc] * the filter, turned by half a circle. */
export function winogradInputGradient(dy: usize, filter: usize, dx: usize, images: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, padTop: i32, padLeft: i32, scratch: usize): void {
  begin(images, oh, ow, oc, h, w, c, k, k - 1 - padTop, k - 1 - padLeft)
  const tap = c * oc * 4
  for (let i = 0; i < k * k; i++) transpose(c, oc, filter + i * tap, scratch + i * tap)
  correlate(dy, scratch + (k * k - 1) * tap, -tap, 0, dx, 0, scratch + k * k * tap)
}

/** `tap` leads from one tap of the filter to the next. */
function correlate(x: usize, filter: usize, tap: i32, bias: usize, out: usize, flags: i32, scratch: usize): void {
  const wide = up(outChannels)
  const byPoints = scratch + wide * 4
  const inputs = byPoints + planes * channels * wide * 4
  const products = inputs + planes * most * channels * 4
  const rest = products + planes * most * wide * 4
  const least: f32 = flags & RELU ? 0 : -Infinity
  if (!bias) clear(scratch, wide * 4)
  filterPoints(filter, tap, byPoints, rest)
  for (let first = 0; first < tiles; first += most) {
    const count = min(most, tiles - first)
    tilePoints(points, x, height, width, channels, top, left, first, count, inputs, rest)
    for (let p = 0; p < planes; p++) {
      product(count, inputs + p * count * channels * 4, byPoints + p * channels * wide * 4, products + p * count * wide * 4)
    }
    tileValues(products, out, outHeight, outWidth, outChannels, wide, first, count, bias ? bias : scratch, least, rest)
  }
}

/** c [count × oc] = a [count × c] · b [c × oc], the latter in panels. */
function product(count: i32, a: usize, b: usize, c: usize): void {
  const row = up(outChannels) * 4
  for (let j = 0; j < row; j += 32) {
    for (let i = 0; i < count; i += 6) {
      tileOf(min(6, count - i), channels, a + i * channels * 4, channels * 4, 4, b, 32, c + i * row + j, row, FROM_ZERO, 0)
    }
    b += channels * 32
  }
}

/** to [points² × panels × c × 8] from filter [k × k × c × oc]; what is beyond the last channel is zero. */
function filterPoints(filter: usize, tap: i32, to: usize, rest: usize): void {
  const panel = channels * 32, plane = panel * up(outChannels) / 8
  if (outChannels & 7) clear(to, planes * plane)
  for (let c = 0; c < channels; c += FILTER_ROWS) {
    const rows = min(FILTER_ROWS, channels - c)
    const values = rows * outChannels
    const from = filter + c * outChannels * 4
    for (let j = 0; j < taps; j++) {
      toPoints(taps, from + j * tap, taps * tap, 16, rest + j * values * 4, taps * values * 4, 16, values / 4)
    }
    for (let i = 0; i < points; i++) {
      for (let j = 0; j < outChannels; j += 4) {
        toPoints(taps, rest + (i * taps * values + j) * 4, values * 4, outChannels * 4,
          to + i * points * plane + (j >> 3) * panel + c * 32 + (j & 4) * 4, plane, 32, rows)
      }
    }
  }
}

/** dFilter [k × k × c × oc]: the k × k outputs of tiles of x by tiles of dy as taps, summed over all. */
export function winogradFilterGradient(x: usize, dy: usize, dFilter: usize, images: i32,
  h: i32, w: i32, c: i32, oh: i32, ow: i32, oc: i32, k: i32, padTop: i32, padLeft: i32, scratch: usize): void {
  begin(images, h, w, c, oh, ow, oc, k, padTop, padLeft)
  const plane = c * oc * 4
  const products = scratch + gemmScratchBytes()
  const inputs = products + planes * plane
  const slopes = inputs + planes * most * c * 4
  const rest = slopes + planes * most * oc * 4
  for (let first = 0; first < tiles; first += most) {
    const count = min(most, tiles - first)
    tilePoints(points, x, h, w, c, top, left, first, count, inputs, rest)
    tilePoints(SIDE, dy, oh, ow, oc, 0, 0, first, count, slopes, rest)
    for (let p = 0; p < planes; p++) {
      gemm(c, oc, count, inputs + p * count * c * 4, 4, c * 4, slopes + p * count * oc * 4, oc * 4, 4,
        products + p * plane, oc * 4, 0, first > 0 ? ACCUMULATE : 0, scratch)
    }
  }
  columnValues(k, products, plane)
  for (let i = 0; i < k; i++) toValues(k, products + i * points * plane, plane, dFilter + i * k * plane, plane, plane / 16)
}
