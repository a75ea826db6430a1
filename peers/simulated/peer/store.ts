/** What a simulated peer keeps on its disk: its ledger, what it said at the current height, its own payload. */
import { commitKey, payloadKey, saidKey } from './records.ts'
import type { DiskWrite, VirtualDisk } from '../stage/disk.ts'
import type { Said, SimCommit, Stored } from './records.ts'

export class Store {
  readonly #disk: VirtualDisk<Stored>
  /** Commits from height 1 on. */
  #ledger: SimCommit[] = []
  /** What is being written, or was written last, of what was said. */
  #latest: { height: number; said: Said } | null = null
  /** Writes that wait for the one before them: what is said later must not be on disk earlier. */
  #queue: { writes: DiskWrite<Stored>[]; done: () => void }[] = []

  constructor(disk: VirtualDisk<Stored>) {
    this.#disk = disk
  }

  get head(): SimCommit | undefined {
    return this.#ledger.at(-1)
  }

  /** Is it on disk? What a peer tells others must be. */
  isDurable(key: string): boolean {
    return this.#disk.durable.has(key)
  }

  crash(): void {
    this.#queue = []
    this.#latest = null
    this.#ledger = []
    this.#disk.crash()
  }

  /** Read what is on disk. */
  recover(): void {
    for (let height = 1; ; height++) {
      const stored = this.#disk.durable.get(commitKey(height))
      if (stored?.type !== 'commit') return
      this.#ledger.push(stored.commit)
    }
  }

  commitsFrom(height: number): SimCommit[] {
    return this.#ledger.slice(height - 1)
  }

  said(height: number): Said | undefined {
    const stored = this.#disk.durable.get(saidKey(height))
    return stored?.type === 'said' ? stored.said : undefined
  }

  /** The same with what is still being written. */
  latestSaid(height: number): Said | undefined {
    return this.#latest?.height === height ? this.#latest.said : this.said(height)
  }

  say(height: number, said: Said, done: () => void): void {
    this.#latest = { height, said }
    this.#put([{ key: saidKey(height), value: { type: 'said', said } }], done)
  }

  keepPayload(height: number, delta: Float32Array, done: () => void): void {
    this.#put([{ key: payloadKey(height), value: { type: 'payload', delta } }], done)
  }

  append(commit: SimCommit, done: () => void): void {
    const { height } = commit.body
    const writes: DiskWrite<Stored>[] = [
      { key: commitKey(height), value: { type: 'commit', commit } },
      { key: saidKey(height), value: null },
      { key: payloadKey(height), value: null }
    ]
    this.#put(writes, () => {
      if (this.#ledger.length === height - 1) this.#ledger.push(commit)
      done()
    })
  }

  #put(writes: DiskWrite<Stored>[], done: () => void): void {
    this.#queue.push({ writes, done })
    if (this.#queue.length === 1) this.#next()
  }

  #next(): void {
    const [first] = this.#queue
    if (first == null) return
    this.#disk.write(first.writes, () => {
      this.#queue.shift()
      this.#next()
      first.done()
    })
  }
}
