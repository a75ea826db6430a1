import { expect } from 'chai'
import { Watchdog } from '../../../protocols/blocks/watchdog.ts'
import { FakeClock } from './harness.ts'
import type { StalledError } from '../../../protocols/blocks/index.ts'

describe('a watchdog', () => {
  function watched(): { clock: FakeClock; watchdog: Watchdog; stalls: StalledError[] } {
    const clock = new FakeClock()
    const stalls: StalledError[] = []
    const watchdog = new Watchdog({ clock, intervalMs: 1000, onStall: (err) => stalls.push(err) })
    return { clock, watchdog, stalls }
  }

  it('calls out once when nothing moves', () => {
    const { clock, watchdog, stalls } = watched()
    watchdog.start()
    clock.advance(10_000)
    expect(stalls.map((err) => err.message)).to.deep.equal([
      'stalled: 0 bytes in 1000 ms, at least 16384 expected'
    ])
  })

  it('is not fooled by a byte now and then', () => {
    const { clock, watchdog, stalls } = watched()
    watchdog.start()
    for (let i = 0; i < 10; i++) {
      watchdog.moved(1)
      clock.advance(100)
    }
    expect(stalls).to.have.length(1)
  })

  it('tells silence from slowness', () => {
    const { clock, watchdog, stalls } = watched()
    watchdog.start()
    const silences: number[] = []
    watchdog.moved(2048)
    clock.advance(1000)
    silences.push(watchdog.silentMs)
    watchdog.start()
    for (let i = 0; i < 9; i++) {
      clock.advance(100)
      watchdog.moved(1)
    }
    clock.advance(100)
    silences.push(watchdog.silentMs)
    expect(stalls).to.have.length(2)
    expect(silences).to.deep.equal([1000, 100])
  })

  it('is content with enough bytes, or with whole answers', () => {
    const { clock, watchdog, stalls } = watched()
    watchdog.start()
    watchdog.moved(16_384)
    clock.advance(1000)
    watchdog.answered()
    clock.advance(1000)
    expect(stalls).to.be.empty
    watchdog.stop()
    expect(clock.timers).to.equal(0)
  })
})
