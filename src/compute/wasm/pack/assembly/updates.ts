// Optimizers' updates, each in one pass over a weight, its gradient and what the optimizer remembers, all in place; and
// what a client algorithm makes of a gradient before that.

import { madd } from './lanes'

/** w ← w − rate·g */
export function sgd(size: i32, w: usize, g: usize, rate: f32): void {
  const by = f32x4.splat(-rate)
  let i = 0
  for (; i + 4 <= size; i += 4) {
    v128.store(w, madd(by, v128.load(g), v128.load(w)))
    w += 16
    g += 16
  }
  for (; i < size; i++) {
    store<f32>(w, load<f32>(w) - rate * load<f32>(g))
    w += 4
    g += 4
  }
}

/** v ← share·v + g; w ← w − rate·v */
export function momentum(size: i32, w: usize, g: usize, v: usize, rate: f32, share: f32): void {
  const by = f32x4.splat(-rate), kept = f32x4.splat(share)
  let i = 0
  for (; i + 4 <= size; i += 4) {
    const velocity = madd(kept, v128.load(v), v128.load(g))
    v128.store(v, velocity)
    v128.store(w, madd(by, velocity, v128.load(w)))
    w += 16
    g += 16
    v += 16
  }
  for (; i < size; i++) {
    const velocity = share * load<f32>(v) + load<f32>(g)
    store<f32>(v, velocity)
    store<f32>(w, load<f32>(w) - rate * velocity)
    w += 4
    g += 4
    v += 4
  }
}

/** m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← share·w − rate·m / (√v + ε) */
export function adam(size: i32, w: usize, g: usize, m: usize, v: usize,
  rate: f32, beta1: f32, beta2: f32, epsilon: f32, share: f32): void {
  const by = f32x4.splat(rate), tiny = f32x4.splat(epsilon)
  const kept1 = f32x4.splat(beta1), new1 = f32x4.splat(1 - beta1)
  const kept2 = f32x4.splat(beta2), new2 = f32x4.splat(1 - beta2)
  const kept = f32x4.splat(share)
  let i = 0
  for (; i + 4 <= size; i += 4) {
    const slope = v128.load(g)
    const first = madd(kept1, v128.load(m), f32x4.mul(new1, slope))
    const second = madd(kept2, v128.load(v), f32x4.mul(f32x4.mul(new2, slope), slope))
    v128.store(m, first)
    v128.store(v, second)
    const step = f32x4.div(f32x4.mul(by, first), f32x4.add(f32x4.sqrt(second), tiny))
    v128.store(w, f32x4.sub(f32x4.mul(kept, v128.load(w)), step))
    w += 16
    g += 16
    m += 16
    v += 16
  }
  for (; i < size; i++) {
    const slope = load<f32>(g)
    const first = beta1 * load<f32>(m) + (1 - beta1) * slope
    const second = beta2 * load<f32>(v) + (1 - beta2) * slope * slope
    store<f32>(m, first)
    store<f32>(v, second)
    store<f32>(w, share * load<f32>(w) - (rate * first) / (sqrt<f32>(second) + epsilon))
    w += 4
    g += 4
    m += 4
    v += 4
  }
}

/** out ← g + mu·(w − anchor) */
export function proximal(size: i32, out: usize, g: usize, w: usize, anchor: usize, mu: f32): void {
  const by = f32x4.splat(mu)
  let i = 0
  for (; i + 4 <= size; i += 4) {
    v128.store(out, madd(by, f32x4.sub(v128.load(w), v128.load(anchor)), v128.load(g)))
    out += 16
    g += 16
    w += 16
    anchor += 16
  }
  for (; i < size; i++) {
    store<f32>(out, load<f32>(g) + mu * (load<f32>(w) - load<f32>(anchor)))
    out += 4
    g += 4
    w += 4
    anchor += 4
  }
}
