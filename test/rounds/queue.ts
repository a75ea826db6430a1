/** Virtual time: events in order of their time, and of their scheduling where times are equal. */
interface Entry {
  at: number
  order: number
  run: () => void
}

export class VirtualTime {
  readonly #heap: Entry[] = []
  #order = 0
  now = 0

  /** Run `run` after so many virtual milliseconds. */
  after(delayMs: number, run: () => void): void {
    this.#heap.push({ at: this.now + Math.max(0, delayMs), order: this.#order++, run })
    this.#up(this.#heap.length - 1)
  }

  /** Runs the next event. False when there is none. */
  next(): boolean {
    const first = this.#heap[0]
    if (first === undefined) return false
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) {
      this.#heap[0] = last
      this.#down(0)
    }
    this.now = first.at
    first.run()
    return true
  }

  #up(from: number): void {
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (this.#before(parent, i)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  #down(from: number): void {
    let i = from
    for (;;) {
      const left = 2 * i + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const child = right < this.#heap.length && this.#before(right, left) ? right : left
      if (this.#before(i, child)) return
      this.#swap(i, child)
      i = child
    }
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]]
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #swap(i: number, j: number): void {
    const held = this.#heap[i]
    this.#heap[i] = this.#heap[j]
    this.#heap[j] = held
  }
}
