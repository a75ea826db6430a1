/** Ledger tips, members and updates for tests of commit bodies: everything valid by schema, nothing signed. */
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { manifestSchema } from '../../src/federation/manifest/schema.ts'
import { seededRandom, integerBelow } from '../../src/random.ts'
import { genesisTip, nextHeight } from '../../src/rounds/index.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { CommitBody, Metrics, RefusalReason, Update } from '../../src/federation/records.ts'
import type { BodyInput, CheckedUpdate, LedgerTip, MembershipChange } from '../../src/rounds/index.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

export const NO_CHANGE: MembershipChange = { admissions: [], admitted: [], revocations: [], removed: [] }

/** The CID of nothing in particular. */
export function someCid(seed: number): CID {
  const random = seededRandom(seed)
  const hash = Uint8Array.from({ length: 32 }, () => random() & 0xff)
  return CID.createV1(raw.code, create(0x12, hash))
}

/** What looks like a peer id. */
export function somePeer(seed: number): string {
  const random = seededRandom(seed)
  const tail = Array.from({ length: 39 }, () => BASE58[integerBelow(random, 58)]).join('')
  return `12D3KooWB${String(1111 + seed)
    .padStart(4, '1')
    .replaceAll('0', 'z')}${tail}`
}

export const peers = (count: number): string[] => Array.from({ length: count }, (_, i) => somePeer(i)).sort()

export function someManifest(change: Partial<Manifest['rounds']> = {}, maxSamples = 1000): Manifest {
  const manifest = manifestSchema.parse({
    name: 'test',
    task: { kind: 'classification', input: { kind: 'image', height: 1, width: 1, channels: 1 } },
    model: { architecture: { preset: 'logistic' } },
    aggregation: { maxSamples },
    version: 1,
    founder: somePeer(0),
    createdAt: 1000,
    nonce: new Uint8Array(16)
  })
  return { ...manifest, rounds: { ...manifest.rounds, ...change } }
}

export interface TipInit {
  members?: number
  rounds?: Partial<Manifest['rounds']>
  maxSamples?: number
  body?: Partial<CommitBody>
}

/** A tip whose roster has so many members; round 1 is done unless `body` says otherwise. */
export function someTip({ members = 3, rounds, maxSamples, body }: TipInit = {}): LedgerTip {
  const tip = genesisTip(someCid(1), someManifest(rounds, maxSamples), someCid(2))
  const roster = peers(members).map((peer) => ({ peer, missed: 0 }))
  return { ...tip, cid: someCid(3), body: { ...tip.body, height: 1, round: 1, roster, ...body } }
}

export interface UpdateInit {
  samples?: number
  metrics?: Metrics
  refused?: RefusalReason
}

export function someUpdate(
  author: string,
  { samples = 100, metrics = {}, refused }: UpdateInit = {}
): CheckedUpdate {
  const value = { samples, metricsBefore: metrics } as Update
  const cid = someCid([...author].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7))
  return { signed: { value, author, cid, bytes: new Uint8Array(0) }, ...(refused == null ? {} : { refused }) }
}

/** What goes into the body after `tip`; all members deliver unless `change` says otherwise. */
export function someInput(tip: LedgerTip, change: Partial<BodyInput> = {}): BodyInput {
  return {
    tip,
    height: nextHeight(tip),
    updates: tip.body.roster.map((entry) => someUpdate(entry.peer)),
    change: NO_CHANGE,
    time: 2000,
    model: someCid(4),
    optimizerState: null,
    ...change
  }
}
