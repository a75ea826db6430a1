// Tiles of Winograd's filtering (winograd.ts): from pixels to points and back, a block of tiles at a time. Tiles are counted
// along rows, image after image; `side` is the number of outputs on a tile's side.

import {
  inputPoints, outputs2, outputs4, points2, points3, points4, points5, POINTS, values2, values3, values4, values5
} from './points'

/** 6 × 6. */
export const PLANES: i32 = POINTS * POINTS

let side: i32, across: i32, perImage: i32

/** Say how images of h × w outputs are cut. @returns tiles of an image */
export function tiling(h: i32, w: i32, outputs: i32): i32 {
  side = outputs
  across = (w + side - 1) / side
  perImage = across * ((h + side - 1) / side)
  return perImage
}

/** Values that the functions below want as `rest`, for images of w pixels of c channels, `wide` of them in products. */
export function tileRest(w: i32, wide: i32): i32 {
  return (POINTS * POINTS * (w / 2 + 1) + w + 2 * POINTS + 8) * wide
}

/**
 * to [36 × count × c] from images [h × w × c]: the tiles first … of size × size pixels, zero beyond the image, whose first
 * pixel is above and to the left of the tile's outputs by `top` and `left`.
 */
export function tilePoints(size: i32, images: usize, h: i32, w: i32, c: i32, top: i32, left: i32,
  first: i32, count: i32, to: usize, rest: usize): void {
  const pixel = c * 4, plane = count * pixel
  for (const end = first + count; first < end;) {
    const tile = first % perImage, tx = tile % across
    // As many as are left in this row of tiles.
    const n = min(end - first, across - tx)
    const image = images + first / perImage * h * w * pixel
    const row = POINTS * n * pixel, line = rest + size * row
    for (let i = 0; i < size; i++) {
      const y = tile / across * side - top + i
      if (y < 0 || y >= h) {
        clear(rest + i * row, row)
        continue
      }
      padded(image + y * w * pixel, w, tx * side - left, (n - 1) * side + size, pixel, line)
      for (let t = 0; t < n; t++) {
        toPoints(size, line + t * side * pixel, pixel, 16, rest + i * row + t * pixel, n * pixel, 16, c / 4)
      }
    }
    for (let j = 0; j < POINTS; j++) {
      toPoints(size, rest + j * n * pixel, row, 16, to + j * plane, POINTS * plane, 16, n * c / 4)
    }
    first += n
    to += n * pixel
  }
}

/** `count` pixels of a row of w from the `first` on, zero where it has none. */
function padded(row: usize, w: i32, first: i32, count: i32, pixel: i32, to: usize): void {
  const before = min(count, max(0, -first))
  const end = max(before, min(count, w - first))
  clear(to, before * pixel)
  copy(row + (first + before) * pixel, to + before * pixel, (end - before) * pixel)
  clear(to + end * pixel, (count - end) * pixel)
}

/** Six inputs, or fewer taps, at the points: see points.ts. */
// @ts-ignore: decorator
@inline
export function toPoints(size: i32, from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  if (size == 6) inputPoints(from, step, next, to, toStep, toNext, count)
  else if (size == 5) points5(from, step, next, to, toStep, toNext, count)
  else if (size == 4) points4(from, step, next, to, toStep, toNext, count)
  else if (size == 3) points3(from, step, next, to, toStep, toNext, count)
  else points2(from, step, next, to, toStep, toNext, count)
}

/** Columns of products [6 × 6 × plane bytes] to `outputs` rows of values, in place. */
export function columnValues(outputs: i32, products: usize, plane: usize): void {
  for (let j = 0; j < POINTS; j++) {
    const at = products + j * plane
    toValues(outputs, at, POINTS * plane, at, POINTS * plane, plane / 16)
  }
}

// @ts-ignore: decorator
@inline
export function toValues(outputs: i32, from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  if (outputs == 5) values5(from, step, to, toStep, count)
  else if (outputs == 4) values4(from, step, to, toStep, count)
  else if (outputs == 3) values3(from, step, to, toStep, count)
  else values2(from, step, to, toStep, count)
}

/**
 * out [h × w × c] of the tiles first …, from products [36 × count × wide], which are overwritten; + bias [c], at least
 * `least`.
 */
export function tileValues(products: usize, out: usize, h: i32, w: i32, c: i32, wide: i32, first: i32, count: i32,
  bias: usize, least: f32, rest: usize): void {
  const pixel = c * 4, plane = count * wide * 4
  columnValues(side, products, plane)
  for (const end = first + count; first < end; first++) {
    const tile = first % perImage
    const y = tile / across * side, x = tile % across * side
    const rows = min(side, h - y), columns = min(side, w - x)
    let to = out + ((first / perImage * h + y) * w + x) * pixel
    for (let i = 0; i < rows; i++) {
      // A tile that overhangs the image is finished beside it.
      const target = columns == side ? to : rest
      if (side == 2) outputs2(products + i * POINTS * plane, plane, target, pixel, c / 4, bias, least)
      else outputs4(products + i * POINTS * plane, plane, target, pixel, c / 4, bias, least)
      if (columns < side) copy(rest, to, columns * pixel)
      to += w * pixel
    }
    products += wide * 4
  }
}

/** A multiple of 16 bytes. */
export function clear(to: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 16) v128.store(to + i, f32x4.splat(0))
}

function copy(from: usize, to: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i))
}
