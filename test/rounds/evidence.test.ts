import { expect } from 'chai'
import { compare } from 'uint8arrays/compare'
import { commitType, voteType } from '../../src/federation/records.ts'
import { decode, encode } from '../../src/federation/cbor.ts'
import { seal } from '../../src/federation/signed.ts'
import {
  admissible,
  EVIDENCE_HEIGHTS,
  InvalidEvidenceError,
  isBanned,
  makeBody,
  offenceFault,
  openEvidence,
  recoveryBody,
  selectOffences
} from '../../src/rounds/index.ts'
import { person } from '../federation/world.ts'
import { failure } from '../helpers/failure.ts'
import { NO_CHANGE, peers, someCid, someInput, someTip } from './ledger.ts'
import type { Recovery } from '../../src/federation/recovery.ts'
import type { Signed } from '../../src/federation/signed.ts'
import type { Evidence, Vote } from '../../src/federation/records.ts'
import type { LedgerTip, Offence } from '../../src/rounds/index.ts'
import type { Person } from '../federation/world.ts'

const federation = someCid(1)
const liar = await person(1)
const other = await person(2)

type Said = Partial<Vote> & { by?: Person }

async function vote({ by = liar, ...said }: Said = {}): Promise<Uint8Array> {
  const value: Vote = { federation, height: 2, view: 0, kind: 'prevote', body: null, ...said }
  return (await seal(voteType, value, by.key)).bytes
}

async function proof(first: Said, second: Said): Promise<Evidence> {
  return [await vote(first), await vote(second)].sort(compare) as Evidence
}

const [a, b, c] = peers(3)

function offence(offender: string, height = 2): Offence {
  return { offender, height, view: 0, kind: 'prevote', votes: [new Uint8Array(1), new Uint8Array(2)] }
}

function tipAt(height: number, rest: Partial<LedgerTip['body']> = {}): LedgerTip {
  return someTip({ members: 3, body: { height, ...rest } })
}

/** The tip that follows, with these offences carried. */
function after(tip: LedgerTip, offences: Offence[] = []): LedgerTip {
  const body = makeBody(someInput(tip, { change: { ...NO_CHANGE, offences } }))
  return { ...tip, cid: someCid(body.height), body }
}

const rosterOf = ({ body }: LedgerTip): string[] => body.roster.map(({ peer }) => peer)

describe('two votes of one member in one step', () => {
  it('prove that it lies when they are for different values', async () => {
    const votes = await proof({ body: someCid(5) }, { body: null })
    expect(await openEvidence(federation, votes)).to.deep.equal({
      offender: liar.id,
      height: 2,
      view: 0,
      kind: 'prevote',
      votes
    })
  })

  const nothing: Record<string, [Said, Said, string]> = {
    'for the same value': [{ body: null }, { body: null, by: liar }, 'not in order'],
    'of two members': [{ body: someCid(5) }, { by: other }, 'two members'],
    'of two heights': [{ body: someCid(5) }, { height: 3 }, 'two heights'],
    'of two views': [{ body: someCid(5) }, { view: 1 }, 'two views'],
    'of two steps': [{ body: someCid(5) }, { kind: 'precommit' }, 'two steps'],
    'of another federation': [
      { federation: someCid(9), body: someCid(5) },
      { federation: someCid(9) },
      'another federation'
    ]
  }
  for (const [what, [first, second, message]] of Object.entries(nothing)) {
    it(`prove nothing ${what}`, async () => {
      const error = await failure(openEvidence(federation, await proof(first, second)), InvalidEvidenceError)
      expect(error.message).to.include(message)
    })
  }

  it('prove nothing when a signature does not hold, nor in the other order', async () => {
    const [first, second] = await proof({ body: someCid(5) }, { body: null })
    const changed = second.with(second.length - 1, second[second.length - 1] ^ 1)
    await failure(openEvidence(federation, [first, changed].sort(compare) as Evidence), InvalidEvidenceError)
    await failure(openEvidence(federation, [second, first]), InvalidEvidenceError)
  })
})

describe('an offence', () => {
  it('is carried while it is of this height or a recent one, of a member of the roster', () => {
    expect(offenceFault(tipAt(100), offence(a, 101))).to.equal(null)
    expect(offenceFault(tipAt(100), offence(a, 102))).to.include('still to come')
    expect(offenceFault(tipAt(100), offence(a, 102 - EVIDENCE_HEIGHTS))).to.equal(null)
    expect(offenceFault(tipAt(100), offence(a, 101 - EVIDENCE_HEIGHTS))).to.include('ago')
    expect(offenceFault(tipAt(100), offence(liar.id, 101))).to.include('not in the roster')
  })

  it('is carried once: what came before a ban is paid for by it', () => {
    const tip = tipAt(100, { bans: [{ peer: a, since: 90, until: 95 }] })
    expect(offenceFault(tip, offence(a, 90))).to.include('already')
    expect(offenceFault(tip, offence(a, 91))).to.equal(null)
  })

  it('is chosen the same whatever the order of what is known, one a member', () => {
    const known = [offence(b), offence(a), offence(a, 1), offence(liar.id)]
    const chosen = selectOffences(tipAt(2), known)
    expect(chosen.map(({ offender }) => offender)).to.deep.equal([a, b])
    expect(selectOffences(tipAt(2), [known[1], known[3], known[0]])).to.deep.equal(chosen)
  })

  it('leaves somebody in the roster', () => {
    expect(selectOffences(tipAt(2), [offence(a), offence(b), offence(c)])).to.have.length(2)
  })
})

describe('a ban', () => {
  it('begins with the commit that carries the proof, which is a record that every peer reads', () => {
    const { body } = after(tipAt(1), [offence(b)])
    expect(body.roster.map(({ peer }) => peer)).to.deep.equal([a, c])
    expect(body.evidence).to.deep.equal([offence(b).votes])
    expect(body.bans).to.deep.equal([{ peer: b, since: 2, until: 102 }])
    expect(decode(commitType, encode({ body, votes: [] })).body.bans).to.deep.equal(body.bans)
  })

  it('leaves no trace in a body where there is none', () => {
    expect(after(tipAt(1)).body).not.to.have.any.keys('evidence', 'bans')
  })

  it('keeps its member out until its height, whatever a proposer admits, and no longer', () => {
    const change = { ...NO_CHANGE, admissions: [new Uint8Array(1)], admitted: [b] }
    let tip = after(tipAt(1), [offence(b)])
    for (let height = 3; height < 102; height++) {
      expect(isBanned(tip.body, b), `height ${height}`).to.equal(true)
      expect(admissible(tip, change).admitted).to.deep.equal([])
      const body = makeBody(someInput(tip, { change }))
      expect(body.roster.some(({ peer }) => peer === b)).to.equal(false)
      tip = { ...tip, body: { ...body, admissions: [] } }
    }
    expect(admissible(tip, change)).to.deep.equal(change)
    expect(rosterOf({ ...tip, body: makeBody(someInput(tip, { change })) })).to.deep.equal([a, b, c])
  })

  it('is remembered for as long as what it was for could be brought up again, then forgotten', () => {
    const start = tipAt(1)
    const { membership } = start.manifest
    let tip: LedgerTip = {
      ...start,
      manifest: { ...start.manifest, membership: { ...membership, banRounds: 3 } }
    }
    tip = after(tip, [offence(b)])
    while (tip.body.height < 1 + EVIDENCE_HEIGHTS) {
      expect(tip.body.bans, `height ${tip.body.height}`).to.deep.equal([{ peer: b, since: 2, until: 5 }])
      tip = after(tip)
    }
    expect(after(tip).body.bans).to.equal(undefined)
    expect(isBanned(tip.body, b)).to.equal(false)
  })

  it('is lifted by an admin that recovers with the member, and what it was for stays paid for', () => {
    const tip = after(tipAt(1), [offence(b)])
    const recovery = { value: { members: [a, b], time: 3000 }, bytes: new Uint8Array(1) } as Signed<Recovery>
    const body = recoveryBody(tip, recovery)
    expect(body).not.to.have.any.keys('evidence')
    expect(isBanned(body, b)).to.equal(false)
    const later = { ...tip, body }
    expect(offenceFault(later, offence(b))).to.include('already')
    expect(rosterOf(after(later))).to.deep.equal([a, b])
  })

  it('keeps what its member says of itself out as well', () => {
    const tip = after(tipAt(1), [offence(b)])
    const declared = [{ member: b, trains: false, envelope: new Uint8Array(1) }]
    expect(admissible(tip, { ...NO_CHANGE, declared }).declared).to.deep.equal([])
  })
})
