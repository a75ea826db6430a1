/** Values as a small federation of three would show them: overridden field by field where a test needs another. */
import { founding, manifestTemplate, parseManifestYaml } from '../../../../src/federation/manifest/index.ts'
import { person } from '../../../federation/world.ts'
import type { DoctorReport } from '../../../../peers/node/doctor/index.ts'
import type { Manifest } from '../../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../../src/federation/signed.ts'
import type { CommitSummary, MemberStatus, PeerEvents, PeerStatus } from '../../../../peers/node/types.ts'
import type { PeerEvent, PeerEventName } from '../../../../peers/cli/run/events.ts'

/** Tuesday 24 November 2026, 14:03:59 UTC. */
export const NOW = Date.UTC(2026, 10, 24, 14, 3, 59)

/** Peer ids of the right form; they end differently, as real ones do. */
export const [ALICE, BOB, CAROL] = ['Alice', 'Bob', 'Carol'].map(
  (name) => `12D3KooW${name.padStart(44, 'x')}`
) as [string, string, string]

/** The `n`th CID of the right form. */
export const cid = (n: number): string =>
  `bafyrei${`${n}`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '').padStart(52, 'q')}`

/** A founded manifest: the digits template. The same every time. */
export async function digitsManifest(yaml = manifestTemplate('digits')): Promise<Signed<Manifest>> {
  const { key } = await person(1)
  return await founding({
    draft: parseManifestYaml(yaml),
    founderKey: key,
    now: NOW,
    nonce: new Uint8Array(16).fill(1)
  })
}

/** A member that is here and has nothing wrong with it. */
export function member(peerId: string, other: Partial<MemberStatus> = {}): MemberStatus {
  return {
    peerId,
    role: 'member',
    self: false,
    connected: true,
    inRoster: true,
    updated: false,
    missed: 0,
    bans: [],
    latencyMs: 12.4,
    addresses: [`/ip4/192.168.1.7/tcp/4001/p2p/${peerId}`],
    ...other
  }
}

/** Alice, in round 4 of 10, with Bob; Carol is away. */
export function status(other: Partial<PeerStatus> = {}): PeerStatus {
  return {
    peerId: ALICE,
    federation: cid(0),
    name: 'Drawn digits',
    phase: 'training',
    waitingFor: null,
    height: 3,
    commit: cid(3),
    round: 3,
    rounds: 10,
    view: 0,
    evaluation: { accuracy: 0.8731, loss: 0.4123, samples: 1000 },
    ownEvaluation: { accuracy: 0.9, loss: 0.35, samples: 100 },
    members: [
      member(ALICE, { role: 'founder', self: true, latencyMs: null }),
      member(BOB),
      member(CAROL, { connected: false, missed: 2, latencyMs: null })
    ],
    addresses: [`/ip4/192.168.1.5/tcp/4001/p2p/${ALICE}`, `/ip6/::1/tcp/4001/p2p/${ALICE}`],
    bytesIn: 1_234_567,
    bytesOut: 999,
    roundMs: 12_300,
    etaMs: 86_100,
    trainer: { backend: 'wasm', parameters: 199_210, trainSamples: 900, testSamples: 100 },
    branch: null,
    recoveries: [],
    forks: [],
    ...other
  }
}

/** Commit of round `round`, in which Alice and Bob contributed and Carol's update was refused. */
export function commit(
  round: number,
  other: Partial<PeerEvents['commit']['detail']> = {}
): PeerEvents['commit']['detail'] {
  const part = (author: string): CommitSummary['contributions'][number] =>
    ({
      author,
      update: cid(100),
      weight: 0.5,
      samples: 900
    }) as unknown as CommitSummary['contributions'][number]
  return {
    height: round,
    round,
    cid: cid(round),
    time: NOW + 1000 * round,
    model: cid(1000 + round),
    evaluation: { accuracy: (50 + round) / 100, loss: 1 / round, samples: 1000 },
    contributions: [part(ALICE), part(BOB), { ...part(CAROL), weight: 0, refused: 'norm' }],
    roster: [ALICE, BOB, CAROL],
    admitted: [],
    revoked: [],
    evidence: [],
    votes: 2,
    recovery: null,
    roundMs: 12_300,
    ...other
  }
}

/** One of every event that a peer emits. */
export const sampleEvents: { [Name in PeerEventName]: PeerEvents[Name]['detail'] } = {
  phase: { phase: 'waiting', waitingFor: '1 more member: 1 of 2 are here' },
  'round:start': { height: 4, round: 4, cohort: [ALICE, BOB, CAROL] },
  'training:progress': { round: 4, step: 7, steps: 29, loss: 0.4567 },
  'training:end': {
    round: 4,
    trainingMs: 1234,
    samples: 900,
    before: { accuracy: 0.87, loss: 0.41 },
    after: { accuracy: 0.91, loss: 0.3 }
  },
  'update:accepted': { height: 4, author: BOB, samples: 900, sizeBytes: 800_000 },
  'update:refused': { height: 4, author: CAROL, reason: 'norm' },
  'view:change': { height: 4, view: 1 },
  commit: commit(4),
  'member:connect': { peerId: BOB },
  'member:disconnect': { peerId: CAROL },
  'member:refused': {
    peerId: CAROL,
    code: 'revoked',
    message: 'its membership was revoked (lost laptop)',
    local: true
  },
  'block:damaged': { cid: cid(5), reason: 'its file is gone', healed: true },
  finished: { round: 10, commit: cid(10), evaluation: { accuracy: 0.951, loss: 0.2 } },
  error: { error: new Error('The disk is full: free some space') }
}

/** An event with its detail, as the reducer and the plain lines take it. */
export function event<Name extends PeerEventName>(
  name: Name,
  other: Partial<PeerEvents[Name]['detail']> = {}
): PeerEvent {
  return { event: name, detail: { ...sampleEvents[name], ...other } } as unknown as PeerEvent
}

/** What `murmur doctor` finds where only the embedded engines are. */
export const healthy: DoctorReport = {
  ok: true,
  fastest: 'wasm',
  federation: null,
  backends: [
    {
      name: 'tfjs-node',
      ok: false,
      version: null,
      reason: 'not installed; murmur doctor --install builds it',
      gflops: null,
      size: null,
      gflopsOfTwo: null,
      stepMs: null,
      ownStepMs: null
    },
    {
      name: 'wasm',
      ok: true,
      version: '4.22.0',
      reason: null,
      gflops: 51.2,
      size: 1024,
      gflopsOfTwo: 93.4,
      stepMs: 0.771,
      ownStepMs: null
    },
    {
      name: 'cpu',
      ok: true,
      version: '4.22.0',
      reason: null,
      gflops: 0.83,
      size: 256,
      gflopsOfTwo: null,
      stepMs: 35.9,
      ownStepMs: null
    }
  ],
  checks: [
    { name: 'Node.js', status: 'ok', found: '22.18.0' },
    { name: 'mDNS', status: 'warning', found: 'not here; start with --no-mdns' }
  ]
}
