// Max pooling's gradient on channels-last images.

import { putLanes, takeLanes } from './lanes'

/**
 * All of dy goes to the first maximum of its window. x [batch, h, w, c], dy [batch, oh, ow, c] → dx like x. NaN is no
 * maximum.
 */
export function maxPoolGradient(x: usize, dy: usize, dx: usize, batch: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32): void {
  const image = h * w * c * 4
  memory.fill(dx, 0, batch * image)
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sy - top), y1 = min(h, oy * sy - top + kh)
      for (let ox = 0; ox < ow; ox++) {
        const x0 = max(0, ox * sx - left), x1 = min(w, ox * sx - left + kw)
        window(x, dy, dx, y1 - y0, x1 - x0, (y0 * w + x0) * c * 4, w * c * 4, c)
        dy += c * 4
      }
    }
    x += image
    dx += image
  }
}

/** One window of rows × columns pixels, whose first channel of the first pixel is `first` bytes into the image. */
function window(x: usize, dy: usize, dx: usize, rows: i32, columns: i32, first: i32, row: i32, c: i32): void {
  let i = 0
  for (; i + 4 <= c; i += 4) lanes(4, x, dy + i * 4, dx, rows, columns, first + i * 4, row, c)
  if (i + 2 <= c) {
    lanes(2, x, dy + i * 4, dx, rows, columns, first + i * 4, row, c)
    i += 2
  }
  if (i < c) lanes(1, x, dy + i * 4, dx, rows, columns, first + i * 4, row, c)
}

/** Four, two or one channel of a window, `at` bytes into the image. */
// @ts-ignore: decorator
@inline
function lanes(count: i32, x: usize, dy: usize, dx: usize, rows: i32, columns: i32, at: i32, row: i32, c: i32): void {
  let most = f32x4.splat(-Infinity)
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < columns; q++) most = f32x4.pmax(most, takeLanes(count, x + at + r * row + q * c * 4))
  }
  let left = takeLanes(count, dy)
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < columns; q++) {
      const here = at + r * row + q * c * 4
      const isMost = f32x4.eq(takeLanes(count, x + here), most)
      putLanes(count, dx + here, f32x4.add(takeLanes(count, dx + here), v128.and(left, isMost)))
      left = v128.andnot(left, isMost)
    }
  }
}
