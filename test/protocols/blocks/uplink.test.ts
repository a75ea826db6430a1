import { expect } from 'chai'
import { Uplink } from '../../../protocols/blocks/uplink.ts'

const MINUTE = 60_000

describe('how fast blocks leave', () => {
  let now: number
  let uplink: Uplink
  beforeEach(() => {
    now = 1_000
    uplink = new Uplink({ nowMs: () => now, after: () => () => undefined })
  })

  function waited(ms: number, bytes: number): void {
    uplink.wait()
    now += ms
    uplink.moved(bytes)
    uplink.go()
  }

  it('is unknown until something had to wait for a while', () => {
    expect(uplink.bytesPerSecond).to.equal(null)
    waited(10, 500_000)
    expect(uplink.bytesPerSecond).to.equal(null)
    waited(90, 500_000)
    expect(uplink.bytesPerSecond).to.equal(1e7)
  })

  it('is told of all streams that wait at once, whose time counts once', () => {
    uplink.wait()
    now += 100
    uplink.moved(10_000)
    uplink.wait()
    now += 100
    uplink.moved(5_000)
    expect(uplink.bytesPerSecond).to.equal(75_000)
    uplink.moved(5_000)
    uplink.go()
    now += 200
    uplink.go()
    expect(uplink.bytesPerSecond).to.equal(50_000)
  })

  it('does not count the time between', () => {
    waited(1_000, 2_000)
    now += MINUTE
    waited(1_000, 4_000)
    expect(uplink.bytesPerSecond).to.equal(3_000)
  })

  it('follows a link that changes', () => {
    waited(2 * MINUTE, 120_000)
    expect(uplink.bytesPerSecond).to.equal(1_000)
    for (let i = 0; i < 20; i++) waited(10_000, 100_000)
    expect(uplink.bytesPerSecond).to.be.within(8_000, 10_000)
  })

  it('is forgotten when nothing waited for ten minutes', () => {
    waited(1_000, 1_000)
    now += 10 * MINUTE
    expect(uplink.bytesPerSecond).to.equal(1_000)
    now += 1
    expect(uplink.bytesPerSecond).to.equal(null)
    waited(1_000, 9_000)
    expect(uplink.bytesPerSecond).to.equal(9_000)
  })
})
