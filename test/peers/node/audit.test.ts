import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { equals } from 'uint8arrays/equals'
import { auditStores, verifyLedger } from '../../../peers/node/peer/audit.ts'
import { follow } from '../../../peers/engine/audit/follow.ts'
import { hashDag, readRoot, writeDag } from '../../../src/blocks/index.ts'
import { decode, encode, cidOf } from '../../../src/federation/cbor.ts'
import { genesisMembership } from '../../../src/federation/membership.ts'
import { commitType, voteType } from '../../../src/federation/records.ts'
import { seal } from '../../../src/federation/signed.ts'
import { genesisTip } from '../../../src/rounds/index.ts'
import { heightKey } from '../../../src/state/keys.ts'
import { Ledger } from '../../../src/state/index.ts'
import { floatsToBytes } from '../../../src/vectors.ts'
import { copyOf, finishedFederation, restored, smallModel } from './ledger.ts'
import { deltaOf } from './trainer.ts'
import type { AuditReport } from '../../../peers/node/index.ts'
import type { Place } from '../../../peers/engine/audit/follow.ts'
import type { Commit, CommitBody } from '../../../src/federation/records.ts'
import type { LedgerTip } from '../../../src/rounds/index.ts'
import type { Copy } from './ledger.ts'
import type { CID } from 'multiformats/cid'
import type { Federation } from './federation.ts'

describe('checking a whole ledger', function () {
  this.timeout(60_000)
  let federation: Federation
  let copy: Copy
  let last: number

  before(async () => {
    federation = await finishedFederation()
    await Promise.all(federation.peers.map((peer) => peer.stop()))
    copy = await copyOf(federation.founder.home)
    last = [...copy.state.keys()].filter((key) => key.startsWith('ledger/commit/')).length
  })

  after(() => federation.close())

  const entryKey = (height: number): string => heightKey('ledger/commit/', height)
  const audit = async (changed: Copy): Promise<AuditReport> =>
    await auditStores({ manifest: federation.manifest, ...(await restored(changed)) })
  const tampered = async (change: (state: Map<string, Uint8Array>) => unknown): Promise<AuditReport> => {
    const state = new Map(copy.state)
    await change(state)
    return await audit({ ...copy, state })
  }
  const stored = (height: number): { cid: unknown; bytes: Uint8Array } =>
    dagCbor.decode(copy.state.get(entryKey(height)) as Uint8Array)
  const commitAt = (height: number): Commit => decode(commitType, stored(height).bytes)
  /** Replace a commit, its entry and index whole. */
  const replace = async (state: Map<string, Uint8Array>, height: number, commit: Commit): Promise<void> => {
    const cid = await cidOf(encode(commit.body))
    state.delete(`ledger/cid/${stored(height).cid}`)
    state.set(entryKey(height), encode({ cid, bytes: encode(commit) }))
    state.set(`ledger/cid/${cid}`, encode(height))
  }

  it('finds nothing wrong with a good one, and says what was checked', async () => {
    const report = await verifyLedger(federation.founder.home.dir)
    expect(report.defects).to.deep.equal([])
    expect(report).to.include({ height: last, commits: last, unchecked: 0, defectCount: 0 })
    expect(report.votes).to.be.at.least(2 * (last - 1))
    expect(report.admissions).to.equal(2)
    expect(report.updates).to.be.at.least(4)
    // Of the model, and of its optimizer's state.
    expect(report.modelBlocks).to.equal(2 * 3)
    expect(report.aggregates.pruned).to.equal(2)
    expect(await audit(copy)).to.deep.equal(report)
  })

  it('makes aggregates again whose payloads are still here', async () => {
    const kept = await withPayloads(federation, copy)
    const report = await audit(kept)
    expect(report.defects).to.deep.equal([])
    expect(report.aggregates).to.deep.equal({ recomputed: 2, unchanged: last - 2, pruned: 0 })
  })

  it('is told by any changed byte of any commit', async () => {
    let place: Place = { tip: await founding(federation), membership: genesisMembership(federation.manifest) }
    for (let height = 1; height <= last; height++) {
      const { bytes } = stored(height)
      const updates = await new Ledger((await restored(copy)).state).updates(height)
      for (let at = 0; at < bytes.byteLength; at++) {
        const changed = bytes.slice()
        changed[at] ^= 1 << (at % 8)
        const holds = await follow(place, changed, updates).then(
          () => true,
          () => false
        )
        expect(holds, `height ${height}, byte ${at} of ${bytes.byteLength}`).to.equal(false)
      }
      place = (await follow(place, bytes, updates)).next
    }
  })

  it('is told by any changed byte of what is kept beside the commits', async () => {
    for (const [key, value] of copy.state) {
      // Votes of heights to come are no part of the ledger.
      if (!key.startsWith('ledger/')) continue
      for (let at = 0; at < value.byteLength; at += 1 + Math.floor(value.byteLength / 12)) {
        const { defectCount } = await tampered((state) => {
          const changed = value.slice()
          changed[at] ^= 1 << (at % 8)
          state.set(key, changed)
        })
        expect(defectCount, `${key}, byte ${at}`).to.be.above(0)
      }
    }
  })

  it('is told by a vote too few, and goes on to check the rest', async () => {
    const height = last - 1
    const report = await tampered(async (state) => {
      const { body, votes } = commitAt(height)
      await replace(state, height, { body, votes: votes.slice(0, 1) })
    })
    expect(report.defects).to.deep.equal([
      { height, what: 'no quorum voted for it', expected: '2 of the 3 members before it (crash)', found: '1' }
    ])
    expect(report).to.include({ height: height - 1, commits: last, unchecked: 0 })
  })

  it('is told by votes of one member twice, of strangers, and of another commit', async () => {
    const { body, votes } = commitAt(last)
    const others = commitAt(last - 1).votes
    for (const wrong of [[votes[0], votes[0]], others]) {
      const { defects } = await tampered((state) => replace(state, last, { body, votes: wrong }))
      expect(defects[0]).to.include({ height: last, what: 'no quorum voted for it' })
    }
  })

  it("is told by two commits in each other's place", async () => {
    const report = await tampered((state) => {
      state.set(entryKey(2), copy.state.get(entryKey(3)) as Uint8Array)
      state.set(entryKey(3), copy.state.get(entryKey(2)) as Uint8Array)
    })
    expect(report.defects[0]).to.deep.equal({
      height: 2,
      what: 'it has another height',
      expected: '2',
      found: '3'
    })
    expect(report.height).to.equal(1)
  })

  it('is told by a head that was cut off, and by a commit that is missing in between', async () => {
    const cut = await tampered((state) => state.delete(entryKey(last)))
    expect(cut.defects[0]).to.include({ height: last - 1, what: 'commits at the end are missing' })
    expect(cut.defects[0].found).to.equal(`the last is of height ${last - 1}`)
    const gap = await tampered((state) => state.delete(entryKey(2)))
    expect(gap.defects[0]).to.include({ height: 2, what: 'a commit is missing' })
    expect(gap).to.include({ height: 1, commits: 1, unchecked: last - 2 })
  })

  it('is told by a forged roster, also when a quorum signed it', async () => {
    const { body, votes } = commitAt(last)
    const forged = { ...body, roster: body.roster.slice(1) }
    const unsigned = await tampered((state) => replace(state, last, { body: forged, votes }))
    expect(unsigned.defects[0]).to.include({ height: last, what: 'no quorum voted for it', found: '0' })
    const signed = await tampered(async (state) =>
      replace(state, last, { body: forged, votes: await votesOfAll(forged) })
    )
    expect(signed.defects[0]).to.include({ height: last })
    expect(signed.defects[0].what).to.match(/^roster do not follow/)
    expect(signed.defects[0].expected).to.contain(body.roster[0].peer)
    expect(signed.defects[0].found).to.not.contain(body.roster[0].peer)
  })

  it('is told by shares, an evaluation or a model that do not follow, also when a quorum signed them', async () => {
    const { body } = commitAt(last)
    const contributions = body.contributions.map((one, i) => ({ ...one, weight: i === 0 ? 1 : 0 }))
    for (const [forged, field] of [
      [{ ...body, contributions }, 'contributions'],
      [{ ...body, evaluation: { loss: 0, samples: 1 } }, 'evaluation']
    ] as const) {
      const votes = await votesOfAll(forged)
      const { defects } = await tampered((state) => replace(state, last, { body: forged, votes }))
      expect(defects[0].what).to.match(new RegExp(`^${field} do not follow`))
    }
    const withModel = await withPayloads(federation, copy)
    for (const [forged, field] of [
      [{ ...body, model: commitAt(1).body.model }, 'model'],
      [{ ...body, optimizerState: body.model }, 'optimizerState']
    ] as const) {
      const state = new Map(withModel.state)
      await replace(state, last, { body: forged, votes: await votesOfAll(forged) })
      const { defects } = await audit({ ...withModel, state })
      expect(defects[0]).to.include({ height: last })
      expect(defects[0].what).to.contain(`recomputing it gives another ${field}`)
    }
  })

  it('is told by the state of an optimizer that is not there, whether or not it can be computed here', async () => {
    const forged = { ...commitAt(last).body, optimizerState: null }
    const votes = await votesOfAll(forged)
    const { defects } = await tampered((state) => replace(state, last, { body: forged, votes }))
    expect(defects[0]).to.deep.equal({
      height: last,
      what: 'the state of momentum is not there',
      expected: 'a root',
      found: 'null'
    })
  })

  it('is told by a block of the model or of its optimizer that is damaged or missing, and leaves it as it is', async () => {
    const { stores } = await restored(copy)
    const { model, optimizerState } = commitAt(last).body
    const reports: AuditReport[] = []
    for (const root of [model, optimizerState as CID]) {
      const leaf = (await readRoot(stores.view, root)).blocks[1]
      const isLeaf = ({ cid }: { cid: CID }): boolean => equals(cid.multihash.bytes, leaf.multihash.bytes)
      const damaged = copy.blocks.map(({ cid, bytes }) => {
        const changed = bytes.slice()
        if (isLeaf({ cid })) changed[5] ^= 1
        return { cid, bytes: changed }
      })
      reports.push(
        await audit({ ...copy, blocks: damaged }),
        await audit({ ...copy, blocks: copy.blocks.filter((block) => !isLeaf(block)) })
      )
    }
    reports.push(await audit({ ...copy, blocks: [] }))
    for (const { defects } of reports) {
      expect(defects[0]).to.include({ height: last })
      expect(defects[0].what).to.contain('a block of the model is damaged')
    }
    expect(reports[0].defects[0].found).to.contain('do not hash')
  })

  const votesOfAll = async (body: CommitBody): Promise<Uint8Array[]> => {
    const cid = await cidOf(encode(body))
    const { federation: id, height } = body
    const vote = { federation: id, height, view: 0, kind: 'precommit' as const, body: cid }
    return await Promise.all(
      federation.members.map(async ({ home }) => (await seal(voteType, vote, await home.identity())).bytes)
    )
  }
})

async function founding(federation: Federation): Promise<LedgerTip> {
  const { value, cid } = federation.manifest
  const initial = smallModel.initial?.(value) ?? new Float32Array()
  return genesisTip(cid, value, await hashDag(floatsToBytes(initial), blockSizeOf(federation)))
}

const blockSizeOf = (federation: Federation): { blockSizeBytes: number } => ({
  blockSizeBytes: federation.manifest.value.exchange.blockSizeBytes
})

/** As a peer has it that deletes nothing: with what everybody trained in each round. */
async function withPayloads(federation: Federation, copy: Copy): Promise<Copy> {
  const blocks = [...copy.blocks]
  const sink = { put: (cid: CID, bytes: unknown) => (blocks.push({ cid, bytes: bytes as Uint8Array }), cid) }
  for (const { index, trainer } of federation.members) {
    for (const round of [1, 2]) {
      const delta = floatsToBytes(deltaOf(index, round, trainer.info.parameters))
      await writeDag(sink, delta, blockSizeOf(federation))
    }
  }
  return { ...copy, blocks }
}
