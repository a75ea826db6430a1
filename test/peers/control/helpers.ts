/** A peer that only answers. */
import { cidOf } from '../../../src/federation/cbor.ts'
import type { ControlledPeer, RevokeTarget } from '../../../peers/node/control/index.ts'
import type { CommitSummary, InviteOptions, PeerStatus, RecoverOptions } from '../../../peers/node/types.ts'

export const peerId = '12D3KooWF3xQf1xYyLZ7B2zDbYcVQ5tYz6nJk4mGh8sRw2pXe9uT'
const update = await cidOf(Uint8Array.of(1))

export const status: PeerStatus = {
  peerId,
  federation: 'bafyfederation',
  name: 'digits',
  phase: 'training',
  waitingFor: null,
  height: 3,
  commit: 'bafycommit',
  round: 2,
  rounds: 10,
  view: 0,
  evaluation: { loss: 0.5, accuracy: 0.9 },
  ownEvaluation: null,
  members: [
    {
      peerId,
      role: 'founder',
      self: true,
      connected: true,
      inRoster: true,
      updated: false,
      missed: 0,
      latencyMs: null,
      addresses: ['/ip4/127.0.0.1/tcp/4001'],
      bans: [
        { by: 'ledger', untilHeight: 103, reason: 'it voted twice in one step' },
        { by: 'peer', untilMs: 1_700_000_000_000, reason: 'it sent what nobody can read' }
      ]
    }
  ],
  addresses: ['/ip4/127.0.0.1/tcp/4001'],
  bytesIn: 1,
  bytesOut: 2,
  roundMs: 812.5,
  etaMs: null,
  trainer: {
    backend: 'wasm',
    attempts: [{ name: 'wasm', durationMs: 3 }],
    parameters: 10,
    trainSamples: 5,
    testSamples: 5
  },
  branch: { number: 1, height: 2, admin: peerId, reason: 'fire', members: [peerId], time: 1_700_000_000_000 },
  recoveries: [
    {
      commit: 'bafyother',
      height: 4,
      admin: peerId,
      reason: 'water',
      members: [peerId],
      time: 1_700_000_000_000,
      refused: false
    }
  ],
  forks: [{ peerId, height: 2, what: 'it goes on' }]
}

export function commit(height: number): CommitSummary {
  return {
    height,
    round: height,
    cid: `bafy${height}`,
    time: 1_700_000_000_000 + height,
    model: 'bafymodel',
    evaluation: { loss: 1 / height },
    contributions: [
      { author: peerId, update, weight: 1, samples: 10 },
      { author: peerId, update, weight: 0, samples: 10, refused: 'norm' }
    ],
    roster: [peerId],
    admitted: [],
    revoked: [],
    evidence: [{ offender: peerId, height: 2, view: 0, kind: 'prevote', untilHeight: 103 }],
    votes: 3,
    recovery: height === 2 ? { admin: peerId, reason: 'fire' } : null
  }
}

export class StubPeer implements ControlledPeer {
  commits = 5
  revoked: RevokeTarget[] = []
  invited: (InviteOptions | undefined)[] = []
  recovered: unknown[] = []
  stops = 0
  /** Thrown in place of an answer. */
  failure: Error | undefined
  /** Called before each commit is given. */
  onCommit = (_height: number): void => {}
  /** Set when a reader left a ledger before its end, or read it to the end. */
  ledgerEnded = Promise.withResolvers<void>()

  status(): PeerStatus {
    if (this.failure != null) throw this.failure
    return status
  }

  async *ledger({
    from = 1,
    limit = Infinity
  }: { from?: number; limit?: number } = {}): AsyncIterable<CommitSummary> {
    try {
      for (let height = from; height < from + limit && height <= this.commits; height++) {
        this.onCommit(height)
        yield commit(height)
      }
    } finally {
      this.ledgerEnded.resolve()
    }
  }

  async weights(): Promise<Float32Array> {
    return Float32Array.of(1.5, -2, Number.NaN, 0)
  }

  async invite(options?: InviteOptions): Promise<string> {
    if (this.failure != null) throw this.failure
    this.invited.push(options)
    return 'murmur:invite'
  }

  async recover(options: RecoverOptions): Promise<Uint8Array> {
    if (this.failure != null) throw this.failure
    this.recovered.push(options)
    return Uint8Array.of(1, 2, 3)
  }

  async followRecovery(which: unknown): Promise<void> {
    this.recovered.push({ follow: which })
  }

  async refuseRecovery(commit?: string): Promise<void> {
    this.recovered.push({ refuse: commit })
  }

  async revoke(target: RevokeTarget): Promise<void> {
    this.revoked.push(target)
  }

  stop(): void {
    this.stops++
  }
}
