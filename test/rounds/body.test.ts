import { expect } from 'chai'
import fc from 'fast-check'
import { decode, encode } from '../../src/federation/cbor.ts'
import { commitType, MAX_ROSTER } from '../../src/federation/records.ts'
import { seededRandom, shuffle } from '../../src/random.ts'
import { genesisTip, isFinished, makeBody, makeContributions, nextHeight } from '../../src/rounds/index.ts'
import { averageMetrics } from '../../src/rounds/evaluation.ts'
import {
  NO_CHANGE,
  peers,
  someCid,
  someInput,
  someManifest,
  somePeer,
  someTip,
  someUpdate
} from './ledger.ts'
import type { CommitBody, Metrics } from '../../src/federation/records.ts'

const rosterOf = (body: CommitBody): [string, number][] =>
  body.roster.map(({ peer, missed }) => [peer, missed])

describe('makeBody', () => {
  it('follows the tip', () => {
    const tip = someTip({ body: { time: 1500, epsilon: 0.5 } })
    const body = makeBody(someInput(tip))
    expect(body).to.include({ height: 2, round: 2, time: 2000, epsilon: 0.5 })
    expect(body.previous).to.equal(tip.cid)
    expect(body.federation).to.equal(tip.federation)
  })

  it('is a valid record', () => {
    const input = someInput(someTip(), {
      updates: peers(3).map((peer) => someUpdate(peer, { metrics: { loss: 1, samples: 3 } }))
    })
    expect(() => decode(commitType, encode({ body: makeBody(input), votes: [] }))).not.to.throw()
  })

  it('is the same bytes whatever the order of its inputs', () => {
    const tip = someTip({ members: 8 })
    const updates = peers(8).map((peer, i) =>
      someUpdate(peer, { samples: 1 + i * i, metrics: { samples: i, loss: 1 / (i + 1), accuracy: 0.1 * i } })
    )
    const admitted = [20, 21, 22].map(somePeer)
    const bytes = encode(makeBody(someInput(tip, { updates, change: { ...NO_CHANGE, admitted } })))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = seededRandom(seed)
        const change = { ...NO_CHANGE, admitted: shuffle([...admitted], random) }
        const input = someInput(tip, { updates: shuffle([...updates], random), change })
        expect(Buffer.compare(encode(makeBody(input)), bytes)).to.equal(0)
      })
    )
  })

  it("never lets time go back, whatever the proposer's clock says", () => {
    const tip = someTip({ body: { time: 5000 } })
    expect(makeBody(someInput(tip, { time: 10 })).time).to.equal(5000)
    expect(makeBody(someInput(tip, { time: 6000 })).time).to.equal(6000)
  })

  it('of a height without training keeps round, evaluation and counts of absences', () => {
    const roster = peers(2).map((peer) => ({ peer, missed: 1 }))
    const tip = someTip({ rounds: { minContributors: 3 }, body: { roster, evaluation: { loss: 2 } } })
    const input = someInput(tip, { updates: [], model: tip.body.model })
    expect(input.height.mode).to.equal('membership')
    const body = makeBody(input)
    expect(body).to.deep.include({ height: 2, round: 1, evaluation: { loss: 2 }, contributions: [] })
    expect(body.roster).to.deep.equal(roster)
  })

  it('does not change what it is given', () => {
    const tip = someTip()
    const input = someInput(tip, {
      updates: Object.freeze([...peers(3)].reverse().map((peer) => someUpdate(peer)))
    })
    Object.freeze(tip.body.roster)
    for (const entry of tip.body.roster) Object.freeze(entry)
    expect(() => makeBody(input)).not.to.throw()
  })
})

describe('the roster', () => {
  it('counts the rounds that a member of the cohort missed in a row', () => {
    const [a, b, c] = peers(3)
    const roster = [a, b, c].map((peer) => ({ peer, missed: 1 }))
    const tip = someTip({ rounds: { cohort: 0.5, minContributors: 2 }, body: { roster } })
    const height = { ...nextHeight(tip), cohort: [a, b] }
    const body = makeBody(someInput(tip, { height, updates: [someUpdate(a)] }))
    expect(rosterOf(body)).to.deep.equal([
      [a, 0],
      [b, 2],
      [c, 1]
    ])
  })

  it('counts a refused update as taking part', () => {
    const [a, b] = peers(2)
    const tip = someTip({ members: 2 })
    const updates = [someUpdate(a), someUpdate(b, { refused: 'norm' })]
    expect(rosterOf(makeBody(someInput(tip, { updates })))).to.deep.equal([
      [a, 0],
      [b, 0]
    ])
  })

  it('drops who missed too many rounds', () => {
    const [a, b, c] = peers(3)
    const roster = [a, b, c].map((peer, i) => ({ peer, missed: i }))
    const tip = someTip({ rounds: { maxMissed: 3 }, body: { roster } })
    expect(rosterOf(makeBody(someInput(tip, { updates: [someUpdate(a), someUpdate(b)] })))).to.deep.equal([
      [a, 0],
      [b, 0]
    ])
  })

  it('drops nobody while those that delivered are no quorum of who would remain', () => {
    // a delivered; b, slow but alive, would be dropped before c and d, which are dead: three voters needed, one left.
    const [a, b, c, d] = peers(4)
    const missed = [0, 2, 1, 1]
    const roster = [a, b, c, d].map((peer, i) => ({ peer, missed: missed[i] }))
    const tip = someTip({ rounds: { maxMissed: 3 }, body: { roster } })
    const body = makeBody(someInput(tip, { updates: [someUpdate(a)] }))
    expect(rosterOf(body)).to.deep.equal([
      [a, 0],
      [b, 3],
      [c, 2],
      [d, 2]
    ])
    const next = { ...tip, cid: someCid(9), body }
    expect(rosterOf(makeBody(someInput(next, { updates: [someUpdate(a), someUpdate(b)] })))).to.deep.equal([
      [a, 0],
      [b, 0]
    ])
  })

  it('adds who is admitted, in order, and starts a returning member afresh', () => {
    const [a, b, c] = peers(3)
    const tip = someTip({ body: { roster: [{ peer: b, missed: 2 }] } })
    const body = makeBody(someInput(tip, { updates: [], change: { ...NO_CHANGE, admitted: [c, a, b] } }))
    expect(rosterOf(body)).to.deep.equal([
      [a, 0],
      [b, 0],
      [c, 0]
    ])
  })

  it('drops who is removed, though the same commit admits it', () => {
    const [a, b, c] = peers(3)
    const tip = someTip({ members: 2 })
    const body = makeBody(someInput(tip, { change: { ...NO_CHANGE, admitted: [c], removed: [c, b] } }))
    expect(rosterOf(body)).to.deep.equal([[a, 0]])
  })

  it('keeps members that observe out of the cohort, and counts the rounds since they said so', () => {
    const [a, b, c] = peers(3)
    const roster = [
      { peer: a, missed: 0 },
      { peer: b, missed: 1, observes: true as const },
      { peer: c, missed: 0 }
    ]
    const tip = someTip({ rounds: { maxMissed: 1 }, body: { roster } })
    const height = nextHeight(tip)
    expect(height.cohort).to.deep.equal([a, c])
    expect(height.roster).to.deep.equal([a, b, c])
    const body = makeBody(someInput(tip, { updates: [someUpdate(a), someUpdate(c)] }))
    expect(body.roster[1]).to.deep.equal({ peer: b, missed: 2, observes: true })
    const last = {
      ...tip,
      body: { ...tip.body, roster: [roster[0], { ...roster[1], missed: 3 }, roster[2]] }
    }
    expect(rosterOf(makeBody(someInput(last, { updates: [someUpdate(a), someUpdate(c)] })))).to.deep.equal([
      [a, 0],
      [c, 0]
    ])
  })

  it('makes those present that missed nothing, and who observes while it is not overdue', () => {
    const [a, b, c, d] = peers(4)
    const long = 1_000_000
    const roster = [
      { peer: a, missed: 0 },
      { peer: b, missed: 1 },
      { peer: c, missed: 1, observes: true as const },
      { peer: d, missed: long, observes: true as const }
    ]
    expect(nextHeight(someTip({ body: { roster } })).present).to.deep.equal([a, c])
  })

  it('does not train with too few that do', () => {
    const [a, b, c] = peers(3)
    const roster = [
      { peer: a, missed: 0 },
      ...[b, c].map((peer) => ({ peer, missed: 0, observes: true as const }))
    ]
    const tip = someTip({ rounds: { minContributors: 2 }, body: { roster } })
    expect(nextHeight(tip)).to.deep.include({ mode: 'membership', cohort: [] })
    const declared = [{ member: b, trains: true, envelope: new Uint8Array(3) }]
    const body = makeBody(someInput(tip, { updates: [], change: { ...NO_CHANGE, declared } }))
    expect(body.participation).to.deep.equal([declared[0].envelope])
    expect(body.roster[1]).to.deep.equal({ peer: b, missed: 0 })
    expect(nextHeight({ ...tip, body })).to.deep.include({ mode: 'train', cohort: [a, b] })
  })

  it('has a cap, up to which admissions are taken by peer id', () => {
    const all = peers(MAX_ROSTER + 4)
    const roster = all.slice(0, MAX_ROSTER - 2).map((peer) => ({ peer, missed: 0 }))
    const tip = someTip({ body: { roster } })
    const admitted = [...all.slice(MAX_ROSTER - 2).reverse(), all[0]]
    const body = makeBody(someInput(tip, { updates: [], change: { ...NO_CHANGE, admitted } }))
    expect(body.roster.length).to.equal(MAX_ROSTER)
    expect(body.roster.at(-1)?.peer).to.equal(all[MAX_ROSTER - 1])
    expect(body.roster[0]).to.deep.equal({ peer: all[0], missed: 0 })
  })

  it('evolves the same on every peer over any history', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 6, maxLength: 6 }), { maxLength: 12 }), (history) => {
        let tip = someTip({ members: 6, rounds: { maxMissed: 2, minContributors: 1 } })
        for (const [i, choices] of history.entries()) {
          const height = nextHeight(tip)
          const updates = height.cohort.filter((_, k) => choices[k] % 3 > 0).map((peer) => someUpdate(peer))
          const admitted = peers(6).filter((_, k) => choices[k] % 7 === 0)
          const body = makeBody(someInput(tip, { updates, change: { ...NO_CHANGE, admitted } }))
          const ids = body.roster.map((entry) => entry.peer)
          expect(ids).to.deep.equal([...new Set(ids)].sort())
          const dropped = tip.body.roster.some(({ peer }) => !ids.includes(peer))
          if (dropped) expect(body.roster.every((entry) => entry.missed < 2)).to.equal(true)
          tip = { ...tip, cid: someCid(100 + i), body }
        }
      })
    )
  })
})

describe('makeContributions', () => {
  it('lists all by author, the refused ones with weight 0 and the reason', () => {
    const [a, b, c] = peers(3)
    const updates = [someUpdate(c, { samples: 300 }), someUpdate(a), someUpdate(b, { refused: 'not-finite' })]
    const contributions = makeContributions(updates, someManifest())
    expect(contributions.map(({ author, weight, refused }) => [author, weight, refused])).to.deep.equal([
      [a, 0.25, undefined],
      [b, 0, 'not-finite'],
      [c, 0.75, undefined]
    ])
  })

  it('never counts more samples than the manifest allows', () => {
    const [a, b] = peers(2)
    const updates = [someUpdate(a, { samples: 1e15 }), someUpdate(b, { samples: 50 })]
    const contributions = makeContributions(updates, someManifest({}, 50))
    expect(contributions.map(({ weight, samples }) => [weight, samples])).to.deep.equal([
      [0.5, 50],
      [0.5, 50]
    ])
  })

  it('counts none when there are too few', () => {
    const [a, b] = peers(2)
    const updates = [someUpdate(a), someUpdate(b, { refused: 'norm' })]
    const contributions = makeContributions(updates, someManifest({ minContributors: 2 }))
    expect(contributions.map(({ weight, refused }) => [weight, refused])).to.deep.equal([
      [0, 'too-few'],
      [0, 'norm']
    ])
  })

  it('of refused updates only, or of none, has no weights', () => {
    expect(makeContributions([], someManifest())).to.deep.equal([])
    const [only] = makeContributions([someUpdate(somePeer(1), { refused: 'size' })], someManifest())
    expect(only.weight).to.equal(0)
  })
})

describe('averageMetrics', () => {
  const average = (metrics: Metrics[], maxSamples = 1000): Metrics =>
    averageMetrics(
      metrics.map((one, i) => someUpdate(somePeer(i), { metrics: one }).signed),
      maxSamples
    )

  it('weighs each metric by how many examples it was measured on', () => {
    expect(
      average([
        { samples: 10, loss: 1, accuracy: 0.5 },
        { samples: 30, loss: 2, accuracy: 0.9 }
      ])
    ).to.deep.equal({ samples: 40, loss: 1.75, accuracy: 0.8 })
  })

  it('leaves out metrics that not all report, and members that measured nothing', () => {
    expect(
      average([
        { samples: 10, loss: 1, auc: 0.5 },
        { samples: 10, loss: 3 },
        { loss: 100 },
        { samples: 0, loss: 9 }
      ])
    ).to.deep.equal({ samples: 20, loss: 2 })
    expect(average([{ loss: 1 }])).to.deep.equal({})
    expect(average([])).to.deep.equal({})
  })

  it('never trusts a claim of examples beyond the cap, nor below nothing', () => {
    expect(
      average(
        [
          { samples: 1e300, loss: 3 },
          { samples: 10, loss: 1 },
          { samples: -5, loss: 9 }
        ],
        10
      )
    ).to.deep.equal({
      samples: 20,
      loss: 2
    })
  })

  it('is always encodable, whatever finite numbers and names members claim', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.MAX_VALUE))
    const name = fc.constantFrom('samples', 'loss', 'constructor', '__proto__', 'toString', 'x')
    const metrics = fc.dictionary(name, value, { noNullPrototype: true })
    fc.assert(
      fc.property(fc.array(metrics, { maxLength: 5 }), (claims) => {
        expect(() => encode(average(claims))).not.to.throw()
      })
    )
  })

  it('does not take what every object has for a metric', () => {
    expect(average([{ samples: 1, constructor: 1 } as unknown as Metrics, { samples: 1 }])).to.deep.equal({
      samples: 2
    })
  })
})

describe('nextHeight', () => {
  it("waits for the members that the start needs, then for a round's minimum", () => {
    const rounds = { startMembers: 4, minContributors: 2 }
    const mode = (members: number, round: number): string =>
      nextHeight(someTip({ members, rounds, body: { round } })).mode
    expect([mode(1, 0), mode(3, 0), mode(4, 0)]).to.deep.equal(['membership', 'membership', 'train'])
    expect([mode(1, 5), mode(2, 5)]).to.deep.equal(['membership', 'train'])
  })

  it('needs no fewer members to start than a round needs updates', () => {
    const rounds = { startMembers: 1, minContributors: 3 }
    expect(nextHeight(someTip({ members: 2, rounds, body: { round: 0 } })).mode).to.equal('membership')
  })

  it('opens the next round when it trains, and stays at the last one when it does not', () => {
    expect(nextHeight(someTip({ body: { round: 7 } }))).to.include({ height: 2, round: 8 })
    const waiting = nextHeight(someTip({ members: 1, body: { round: 7 } }))
    expect(waiting).to.deep.include({ round: 7, cohort: [] })
  })

  it('starts from the founder alone', () => {
    const height = nextHeight(genesisTip(someCid(1), someManifest(), someCid(2)))
    expect(height).to.deep.include({ height: 1, round: 0, roster: [somePeer(0)], mode: 'membership' })
    expect(height.previous).to.equal(someCid(1).toString())
  })

  it('has proposers and cohort that follow from the commit alone', () => {
    const tip = someTip({ members: 9, rounds: { cohort: 0.5 } })
    expect(nextHeight(tip)).to.deep.equal(
      nextHeight({
        ...tip,
        body: structuredClone({
          ...tip.body,
          model: null,
          previous: null,
          federation: null
        }) as unknown as CommitBody
      })
    )
    const other = nextHeight({ ...tip, cid: someCid(99) })
    expect(other.proposers).not.to.deep.equal(nextHeight(tip).proposers)
    expect(other.roster).to.deep.equal(nextHeight(tip).roster)
  })
})

describe('isFinished', () => {
  const finished = (
    body: Partial<CommitBody>,
    target?: { metric: 'accuracy' | 'loss' | 'mae'; value: number }
  ): boolean => isFinished(someTip({ rounds: { stop: { rounds: 10, target } }, body }))

  it('after the last round', () => {
    expect([finished({ round: 9 }), finished({ round: 10 }), finished({ round: 11 })]).to.deep.equal([
      false,
      true,
      true
    ])
    expect(nextHeight(someTip({ rounds: { stop: { rounds: 10 } }, body: { round: 10 } })).mode).to.equal(
      'membership'
    )
  })

  it('when the target is reached: from below for accuracy, from above for losses', () => {
    expect(finished({ evaluation: { accuracy: 0.9 } }, { metric: 'accuracy', value: 0.9 })).to.equal(true)
    expect(finished({ evaluation: { accuracy: 0.89 } }, { metric: 'accuracy', value: 0.9 })).to.equal(false)
    for (const metric of ['loss', 'mae'] as const) {
      expect(finished({ evaluation: { [metric]: 0.1 } }, { metric, value: 0.1 })).to.equal(true)
      expect(finished({ evaluation: { [metric]: 0.2 } }, { metric, value: 0.1 })).to.equal(false)
    }
  })

  it('not while nobody has measured', () => {
    expect(finished({ evaluation: {} }, { metric: 'loss', value: 1 })).to.equal(false)
  })
})
