import { expect } from 'chai'
import { phaseOf, waitingFor } from '../../../peers/node/peer/status.ts'
import { someManifest, someTip } from '../../rounds/ledger.ts'
import type { StatusInput } from '../../../peers/node/peer/status.ts'
import type { EngineSnapshot } from '../../../peers/engine/events.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'

function input(engine: Partial<EngineSnapshot>, tip: LedgerTip = someTip()): StatusInput {
  const [self, ...connected] = tip.body.roster.map((entry) => entry.peer)
  return {
    self,
    connected,
    stopped: false,
    manifest: { value: someManifest() },
    engine: {
      tip,
      settled: true,
      lacksModel: false,
      mode: 'train',
      step: 'collect',
      view: 0,
      updated: [],
      clocks: [],
      ...engine
    }
  } as unknown as StatusInput
}

describe('what a peer says it waits for', () => {
  it('is nothing while all is well', () => {
    expect(waitingFor(input({}))).to.equal(null)
  })

  it('is the model, as soon as nobody who is connected could give it, whether or not the peer is in the roster', () => {
    const lacking = input({ settled: false, lacksModel: true })
    expect(waitingFor(lacking)).to.equal(
      'the model of height 1, from another member: 2 connected, and none has it'
    )
    expect(waitingFor({ ...lacking, self: 'a newcomer' })).to.include('the model of height 1')
    expect(waitingFor({ ...lacking, connected: [] })).to.equal(
      'the model of height 1, from a member that has it'
    )
    expect(waitingFor(input({ settled: false }))).to.equal(null)
  })

  it('is its operator, whether or not the model is here or anybody connected: that is its phase', () => {
    const paused = input({ settled: false, paused: true, recoveries: [] })
    expect(phaseOf(paused)).to.equal('waiting')
    expect(phaseOf({ ...paused, connected: [] })).to.equal('waiting')
    expect(phaseOf({ ...paused, stopped: true })).to.equal('stopped')
  })

  it('is the end of its ban, when it is proven to have voted twice', () => {
    const tip = someTip()
    const [{ peer: self }, ...roster] = tip.body.roster
    const banned = { ...tip, body: { ...tip.body, roster, bans: [{ peer: self, since: 1, until: 101 }] } }
    expect(waitingFor({ ...input({}, banned), self })).to.match(
      /^height 101, .* the commit of height 1 proves/
    )
    expect(waitingFor(input({}, banned))).to.equal(null)
  })

  it('is a quorum, once members that are still held for connected are silent in the middle of a vote', () => {
    const tip = someTip()
    const [self, other, silent] = tip.body.roster.map((entry) => entry.peer)
    const alone = input({ step: 'prevote', quiet: true, voted: [self] }, tip)
    expect(waitingFor(alone)).to.equal(
      `a quorum: votes of 1 of 2 needed members are here; silent ${other}, ${silent}`
    )
    expect(waitingFor(input({ step: 'prevote', quiet: false, voted: [self] }, tip))).to.equal(null)
    expect(waitingFor(input({ step: 'precommit', quiet: true, voted: [self, other] }, tip))).to.equal(null)
    expect(waitingFor(input({ step: 'collect', quiet: true, voted: [] }, tip))).to.equal(null)
  })

  it('is updates, once the deadline passed with too few, and says whose are not here', () => {
    const tip = someTip()
    const [self, other, third] = tip.body.roster.map((entry) => entry.peer)
    const few: Partial<EngineSnapshot> = { step: 'collect', updated: [self], awaited: [other, third] }
    const said = waitingFor(input({ ...few, deadlinePassed: true }, tip))
    expect(said).to.equal(`updates: 1 of the 2 that a round needs have arrived; none of ${other}, ${third}`)
    expect(waitingFor(input({ ...few, deadlinePassed: false }, tip))).to.equal(null)
  })

  describe('while clocks differ', () => {
    const MINUTE_MS = 60_000
    const tip = someTip()
    const [, other, third] = tip.body.roster.map((entry) => entry.peer)
    const clock = (peer: string, minutes: number, view = 0): EngineSnapshot['clocks'][number] => ({
      peer,
      aheadMs: minutes * MINUTE_MS,
      height: tip.body.height + 1,
      view
    })

    it('is this machine’s to be set, when several others agree on that', () => {
      const behind = input({ clocks: [clock(other, 9.2), clock(third, 7.1)], view: 5 }, tip)
      expect(waitingFor(behind)).to.equal(
        `this machine's clock to be set: it is 7 minutes behind those of ${other}, ${third}, so their proposals are refused here`
      )
      const ahead = input({ clocks: [clock(other, -180), clock(third, -181)] }, tip)
      expect(waitingFor(ahead)).to.equal(
        `this machine's clock to be set: it is 3 hours ahead of those of ${other}, ${third}, so they refuse what this peer proposes`
      )
    })

    it('is that of one member, or this machine’s, while its proposal is what is voted on', () => {
      const clocks = [clock(third, 60 * 24 * 365, 2)]
      expect(waitingFor(input({ clocks, view: 2 }, tip))).to.equal(
        `the clock of ${third} to be set, or this machine's: it is 365 days ahead of this machine's, so its proposals are refused here`
      )
      expect(waitingFor(input({ clocks, view: 3 }, tip))).to.equal(null)
      expect(waitingFor(input({ clocks: [clock(third, -9, 2)], view: 2 }, tip))).to.equal(null)
    })

    it('is always one of the two, where there are no others', () => {
      const two = { ...tip, body: { ...tip.body, roster: tip.body.roster.slice(0, 2) } }
      expect(waitingFor(input({ clocks: [clock(other, -6)], view: 9 }, two))).to.equal(
        `the clock of ${other} to be set, or this machine's: it is 6 minutes behind this machine's, so it refuses what this peer proposes`
      )
    })

    it('is a quorum all the same, where there is none', () => {
      const alone = { ...input({ clocks: [clock(other, 9), clock(third, 9)] }, tip), connected: [] }
      expect(waitingFor(alone)).to.match(/^a quorum: 1 of 2/)
    })
  })

  it('is the disk before all else, while that takes nothing', () => {
    const full = input({ disk: 'no space left', step: 'prevote', quiet: true, voted: [] })
    expect(waitingFor(full)).to.equal('a disk that takes what this peer writes: no space left')
  })
})
