// Max pooling of channels-last images, and its gradient. NaN is no maximum; a window of nothing else has −∞.

import { putLanes, takeLanes } from './lanes'

/** x [batch, h, w, c] → y [batch, oh, ow, c]. */
export function maxPool(x: usize, y: usize, batch: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32): void {
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sy - top), y1 = min(h, oy * sy - top + kh)
      for (let ox = 0; ox < ow; ox++) {
        const x0 = max(0, ox * sx - left), x1 = min(w, ox * sx - left + kw)
        const first = x + (y0 * w + x0) * c * 4
        let i = 0
        for (; i + 4 <= c; i += 4) putLanes(4, y + i * 4, largest(4, first + i * 4, y1 - y0, x1 - x0, w, c))
        if (i + 2 <= c) {
          putLanes(2, y + i * 4, largest(2, first + i * 4, y1 - y0, x1 - x0, w, c))
          i += 2
        }
        if (i < c) putLanes(1, y + i * 4, largest(1, first + i * 4, y1 - y0, x1 - x0, w, c))
        y += c * 4
      }
    }
    x += h * w * c * 4
  }
}

/** Of four, two or one channel of a window whose first pixel is at `first`, `w` pixels a row. */
// @ts-ignore: decorator
@inline
function largest(count: i32, first: usize, rows: i32, columns: i32, w: i32, c: i32): v128 {
  let most = f32x4.splat(-Infinity)
  for (let r = 0; r < rows; r++) {
    let at = first + r * w * c * 4
    for (let q = 0; q < columns; q++) {
      most = f32x4.pmax(most, takeLanes(count, at))
      at += c * 4
    }
  }
  return most
}

/** All of dy goes to the first maximum of its window. x [batch, h, w, c], dy [batch, oh, ow, c] → dx like x. */
export function maxPoolGradient(x: usize, dy: usize, dx: usize, batch: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sy: i32, sx: i32, top: i32, left: i32): void {
  const image = h * w * c * 4
  memory.fill(dx, 0, batch * image)
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sy - top), y1 = min(h, oy * sy - top + kh)
      for (let ox = 0; ox < ow; ox++) {
        const x0 = max(0, ox * sx - left), x1 = min(w, ox * sx - left + kw)
        window(x, dy, dx, y1 - y0, x1 - x0, (y0 * w + x0) * c * 4, w, c)
        dy += c * 4
      }
    }
    x += image
    dx += image
  }
}

/** One window of rows × columns pixels, whose first channel of the first pixel is `first` bytes into the image. */
function window(x: usize, dy: usize, dx: usize, rows: i32, columns: i32, first: i32, w: i32, c: i32): void {
  let i = 0
  for (; i + 4 <= c; i += 4) lanes(4, x, dy + i * 4, dx, rows, columns, first + i * 4, w, c)
  if (i + 2 <= c) {
    lanes(2, x, dy + i * 4, dx, rows, columns, first + i * 4, w, c)
    i += 2
  }
  if (i < c) lanes(1, x, dy + i * 4, dx, rows, columns, first + i * 4, w, c)
}

/** Four, two or one channel of a window, `at` bytes into the image. */
// @ts-ignore: decorator
@inline
function lanes(count: i32, x: usize, dy: usize, dx: usize, rows: i32, columns: i32, at: i32, w: i32, c: i32): void {
  const row = w * c * 4
  const most = largest(count, x + at, rows, columns, w, c)
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
