// Gradients of depthwise convolutions: filter [kh, kw, c, m], output channels c·m, each from one input channel.

import { madd } from './lanes'

/** For each output position and each pixel of its window. `visit`: 0 sums up the filter's gradient, 1 the input's. */
// @ts-ignore: decorator
@inline
function eachPixel(visit: i32, x: usize, dy: usize, filter: usize, batch: i32, h: i32, w: i32, c: i32,
  oh: i32, ow: i32, m: i32, kh: i32, kw: i32, sy: i32, sx: i32, dilationY: i32, dilationX: i32,
  top: i32, left: i32): void {
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (let ky = 0; ky < kh; ky++) {
          const y = oy * sy - top + ky * dilationY
          if (y < 0 || y >= h) continue
          for (let kx = 0; kx < kw; kx++) {
            const column = ox * sx - left + kx * dilationX
            if (column < 0 || column >= w) continue
            const pixel = x + ((b * h + y) * w + column) * c * 4
            const weights = filter + (ky * kw + kx) * c * m * 4
            if (visit == 0) addToFilter(c, m, pixel, dy, weights)
            else addToInput(c, m, pixel, dy, weights)
          }
        }
        dy += c * m * 4
      }
    }
  }
}

/** dFilter [c, m] += x [c] · dy [c, m] */
function addToFilter(c: i32, m: i32, x: usize, dy: usize, dFilter: usize): void {
  let i = 0
  if (m == 1) {
    for (; i + 4 <= c; i += 4) {
      const at = dFilter + i * 4
      v128.store(at, madd(v128.load(x + i * 4), v128.load(dy + i * 4), v128.load(at)))
    }
  }
  for (; i < c; i++) {
    for (let q = 0; q < m; q++) {
      const at = (i * m + q) * 4
      store<f32>(dFilter + at, load<f32>(dFilter + at) + load<f32>(x + i * 4) * load<f32>(dy + at))
    }
  }
}

/** dx [c] += Σ over m of filter [c, m] · dy [c, m] */
function addToInput(c: i32, m: i32, dx: usize, dy: usize, filter: usize): void {
  let i = 0
  if (m == 1) {
    for (; i + 4 <= c; i += 4) {
      const at = dx + i * 4
      v128.store(at, madd(v128.load(filter + i * 4), v128.load(dy + i * 4), v128.load(at)))
    }
  }
  for (; i < c; i++) {
    let sum = load<f32>(dx + i * 4)
    for (let q = 0; q < m; q++) sum += load<f32>(filter + (i * m + q) * 4) * load<f32>(dy + (i * m + q) * 4)
    store<f32>(dx + i * 4, sum)
  }
}

/** x [batch, h, w, c], dy [batch, oh, ow, c·m] → dFilter [kh, kw, c, m] */
export function depthwiseFilterGradient(x: usize, dy: usize, dFilter: usize, batch: i32, h: i32, w: i32, c: i32,
  oh: i32, ow: i32, m: i32, kh: i32, kw: i32, sy: i32, sx: i32, dilationY: i32, dilationX: i32,
  top: i32, left: i32): void {
  memory.fill(dFilter, 0, kh * kw * c * m * 4)
  eachPixel(0, x, dy, dFilter, batch, h, w, c, oh, ow, m, kh, kw, sy, sx, dilationY, dilationX, top, left)
}

/** dy [batch, oh, ow, c·m], filter [kh, kw, c, m] → dx [batch, h, w, c] */
export function depthwiseInputGradient(dx: usize, dy: usize, filter: usize, batch: i32, h: i32, w: i32, c: i32,
  oh: i32, ow: i32, m: i32, kh: i32, kw: i32, sy: i32, sx: i32, dilationY: i32, dilationX: i32,
  top: i32, left: i32): void {
  memory.fill(dx, 0, batch * h * w * c * 4)
  eachPixel(1, dx, dy, filter, batch, h, w, c, oh, ow, m, kh, kw, sy, sx, dilationY, dilationX, top, left)
}
