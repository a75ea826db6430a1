/** Virtual time: events in order of their time, and of their scheduling where times are equal. */
interface Entry {
  at: number
  order: number
  /** Null once cancelled. */
  run: (() => void) | null
}

export class VirtualTime {
  readonly #heap: Entry[] = []
  #order = 0
  /** Virtual milliseconds since the start. */
  now = 0

  /** Run `run` after so many virtual milliseconds. Returns how to cancel that. */
  after(delayMs: number, run: () => void): () => void {
    const entry: Entry = { at: this.now + Math.max(0, delayMs), order: this.#order++, run }
    this.#heap.push(entry)
    this.#up(this.#heap.length - 1)
    return () => (entry.run = null)
  }

  /** Runs the next event. False when there is none. */
  next(): boolean {
    for (;;) {
      const entry = this.#pop()
      if (entry === undefined) return false
      if (entry.run == null) continue
      this.now = entry.at
      entry.run()
      return true
    }
  }

  #pop(): Entry | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || last === first) return first
    this.#heap[0] = last
    this.#down(last)
    return first
  }

  #up(from: number): void {
    const heap = this.#heap
    const entry = heap[from]
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (isBefore(heap[parent], entry)) break
      heap[i] = heap[parent]
      i = parent
    }
    heap[i] = entry
  }

  #down(entry: Entry): void {
    const heap = this.#heap
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (isBefore(entry, heap[child])) break
      heap[i] = heap[child]
      i = child
    }
    heap[i] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
