/** Whose controls the common one is made of, as members come and go. */
import { expect } from 'chai'
import { controlsAt, followedBy } from '../../src/rounds/index.ts'
import { someCid, someManifest, somePeer, someTip } from './ledger.ts'
import type { Contribution, RosterEntry } from '../../src/federation/records.ts'
import type { LedgerTip } from '../../src/rounds/index.ts'

const [a, b, c] = [1, 2, 3].map(somePeer)
const counted: Contribution[] = [{ author: a, update: someCid(7), weight: 1, samples: 1 }]
const rosterOf = (...peers: string[]): RosterEntry[] => peers.map((peer) => ({ peer, missed: 0 }))

function tipOf(name: 'scaffold' | 'feddyn' | 'fedavg', roster: RosterEntry[]): LedgerTip {
  const tip = someTip()
  const { training } = someManifest()
  const client = name === 'feddyn' ? { name, alpha: 0.1 } : { name }
  const manifest = { ...tip.manifest, training: { ...training, client } }
  return { ...tip, manifest, body: { ...tip.body, roster, contributions: [] } }
}

/** The tip after a commit with this roster for the next height. */
function after(tip: LedgerTip, roster: RosterEntry[], contributions: Contribution[] = counted): LedgerTip {
  const height = tip.body.height + 1
  return followedBy(tip, { cid: someCid(height), body: { ...tip.body, height, roster, contributions } })
}

describe('the controls of a federation', () => {
  it('begin with zeros, and are whole for as long as the members are the same', () => {
    const first = tipOf('scaffold', rosterOf(a, b))
    expect(controlsAt(first)).to.deep.include({ kept: 0, since: first.body.height + 1 })
    const second = after(first, rosterOf(a, b))
    const third = after(second, rosterOf(a, b))
    for (const tip of [second, third])
      expect(controlsAt(tip)).to.deep.equal({ members: [a, b], kept: 1, since: first.body.height + 1 })
  })

  it('shrink by who joins, and begin anew when somebody leaves', () => {
    const first = tipOf('feddyn', rosterOf(a, b))
    const joined = after(after(first, rosterOf(a, b)), rosterOf(a, b, c))
    expect(controlsAt(joined)).to.deep.equal({
      members: [a, b, c],
      kept: 2 / 3,
      since: first.body.height + 1
    })
    expect(controlsAt(after(joined, rosterOf(a, b, c))).kept).to.equal(1)
    const left = after(joined, rosterOf(a, c))
    expect(controlsAt(left)).to.deep.equal({ members: [a, c], kept: 0, since: left.body.height + 1 })
  })

  it('see who left although commits that count nothing come in between', () => {
    const trained = after(tipOf('scaffold', rosterOf(a, b, c)), rosterOf(a, b, c))
    const gone = after(trained, rosterOf(a, c), [])
    const later = after(gone, rosterOf(a, c), [{ ...counted[0], refused: 'too-few' }])
    expect(controlsAt(later)).to.deep.include({ kept: 0, since: later.body.height + 1 })
    // Back before anybody has trained without it: nothing was lost.
    const back = after(gone, rosterOf(a, b, c), [])
    expect(controlsAt(back)).to.deep.equal(controlsAt(trained))
  })

  it('are of those that train: who begins to observe has left', () => {
    const trained = after(tipOf('scaffold', rosterOf(a, b)), rosterOf(a, b))
    const observing = after(trained, [...rosterOf(a), { peer: b, missed: 0, observes: true }], [])
    expect(controlsAt(observing)).to.deep.include({ members: [a], kept: 0 })
  })

  it('are kept by no other algorithm', () => {
    const tip = tipOf('fedavg', rosterOf(a, b))
    expect(after(tip, rosterOf(a, b))).to.not.have.property('controls')
  })
})
