// Columns of a batch that are zero in all its examples: dark pixels, words that do not occur. Products leave them out.

/** Lists the columns of x [rows × n] that hold anything but zeros, in order. @returns how many */
export function activeColumns(rows: i32, n: i32, x: usize, list: usize): i32 {
  const row = n * 4, start = list
  // All bits but the sign's.
  const magnitude = i32x4.splat(0x7fffffff)
  let j = 0
  for (; j + 4 <= n; j += 4) {
    let bits = i32x4.splat(0)
    let at = x + j * 4
    for (let r = rows; r > 0; r--) {
      bits = v128.or(bits, v128.load(at))
      at += row
    }
    bits = v128.and(bits, magnitude)
    if (!v128.any_true(bits)) continue
    for (let q = 0; q < 4; q++) {
      store<i32>(list, j + q)
      list += i32x4.extract_lane(bits, 0) != 0 ? 4 : 0
      bits = i32x4.shuffle(bits, bits, 1, 2, 3, 0)
    }
  }
  for (; j < n; j++) {
    let bits = 0
    for (let r = 0; r < rows; r++) bits |= load<i32>(x + r * row + j * 4)
    store<i32>(list, j)
    list += (bits & 0x7fffffff) != 0 ? 4 : 0
  }
  return i32((list - start) / 4)
}

/** y [rows × k] = the listed columns of x [rows × n]. */
export function gatherColumns(rows: i32, n: i32, k: i32, x: usize, list: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let p = 0; p < k; p++) store<f32>(y + p * 4, load<f32>(x + load<u32>(list + p * 4) * 4))
    x += n * 4
    y += k * 4
  }
}
