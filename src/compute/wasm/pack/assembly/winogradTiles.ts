// Tiles of Winograd's filtering (winograd.ts): from pixels to points and back, a block of tiles at a time. Tiles are counted
// along rows, image after image; a tile is 4 × 4 outputs.

import {
  outputs4Of6, outputs4Of8, points6Of3, points6Of4, points6Of6, points8Of4, points8Of5, points8Of8,
  values3Of6, values4Of6, values4Of8, values5Of8
} from './points'

/** Outputs on a tile's side. */
export const SIDE: i32 = 4
const MOST_POINTS: i32 = 8

let points: i32, across: i32, perImage: i32

/** Say how images of h × w outputs are cut, and how many points a tile's side has. @returns tiles of an image */
export function tiling(h: i32, w: i32, size: i32): i32 {
  points = size
  across = (w + SIDE - 1) / SIDE
  perImage = across * ((h + SIDE - 1) / SIDE)
  return perImage
}

/** Values that the functions below want as `rest`, for images of w pixels of c channels, `wide` of them in products. */
export function tileRest(w: i32, wide: i32): i32 {
  return (MOST_POINTS * MOST_POINTS * (w / SIDE + 1) + w + 2 * MOST_POINTS) * wide
}

/**
 * to [points² × count × c] from images [h × w × c]: the tiles first … of size × size pixels, zero beyond the image, whose first
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
    const row = points * n * pixel, line = rest + size * row
    for (let i = 0; i < size; i++) {
      const y = tile / across * SIDE - top + i
      if (y < 0 || y >= h) {
        clear(rest + i * row, row)
        continue
      }
      padded(image + y * w * pixel, w, tx * SIDE - left, (n - 1) * SIDE + size, pixel, line)
      for (let t = 0; t < n; t++) {
        toPoints(size, line + t * SIDE * pixel, pixel, 16, rest + i * row + t * pixel, n * pixel, 16, c / 4)
      }
    }
    for (let j = 0; j < points; j++) {
      toPoints(size, rest + j * n * pixel, row, 16, to + j * plane, points * plane, 16, n * c / 4)
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

/** As many inputs, or fewer taps, at the points: see points.ts. */
// @ts-ignore: decorator
@inline
export function toPoints(size: i32, from: usize, step: usize, next: usize,
  to: usize, toStep: usize, toNext: usize, count: i32): void {
  if (size == 8) points8Of8(from, step, next, to, toStep, toNext, count)
  else if (size == 6) points6Of6(from, step, next, to, toStep, toNext, count)
  else if (size == 5) points8Of5(from, step, next, to, toStep, toNext, count)
  else if (size == 3) points6Of3(from, step, next, to, toStep, toNext, count)
  else if (points == 8) points8Of4(from, step, next, to, toStep, toNext, count)
  else points6Of4(from, step, next, to, toStep, toNext, count)
}

/** Columns of products [points × points × plane bytes] to `outputs` rows of values, in place. */
export function columnValues(outputs: i32, products: usize, plane: usize): void {
  for (let j = 0; j < points; j++) {
    const at = products + j * plane
    toValues(outputs, at, points * plane, at, points * plane, plane / 16)
  }
}

// @ts-ignore: decorator
@inline
export function toValues(outputs: i32, from: usize, step: usize, to: usize, toStep: usize, count: i32): void {
  if (outputs == 5) values5Of8(from, step, to, toStep, count)
  else if (outputs == 3) values3Of6(from, step, to, toStep, count)
  else if (points == 8) values4Of8(from, step, to, toStep, count)
  else values4Of6(from, step, to, toStep, count)
}

/**
 * out [h × w × c] of the tiles first …, from products [points² × count × wide], which are overwritten; + bias [c], at least
 * `least`.
 */
export function tileValues(products: usize, out: usize, h: i32, w: i32, c: i32, wide: i32, first: i32, count: i32,
  bias: usize, least: f32, rest: usize): void {
  const pixel = c * 4, plane = count * wide * 4
  columnValues(SIDE, products, plane)
  for (const end = first + count; first < end; first++) {
    const tile = first % perImage
    const y = tile / across * SIDE, x = tile % across * SIDE
    const rows = min(SIDE, h - y), columns = min(SIDE, w - x)
    let to = out + ((first / perImage * h + y) * w + x) * pixel
    for (let i = 0; i < rows; i++) {
      // A tile that overhangs the image is finished beside it.
      const target = columns == SIDE ? to : rest
      if (points == 8) outputs4Of8(products + i * points * plane, plane, target, pixel, c / 4, bias, least)
      else outputs4Of6(products + i * points * plane, plane, target, pixel, c / 4, bias, least)
      if (columns < SIDE) copy(rest, to, columns * pixel)
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
