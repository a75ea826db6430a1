/**
 * What is measured, under which names. Gauges are read from `peer.status()` at each scrape; counters and histograms
 * follow the peer's events.
 *
 * Naming: https://prometheus.io/docs/practices/naming/
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { phases } from '../phases.ts'
import type { Peer, PeerEvents, PeerStatus } from '../types.ts'

/** What metrics need of a peer. */
export type MeasuredPeer = Pick<Peer, 'status' | 'addEventListener' | 'removeEventListener'>

/** A registry of its own (two peers in one process do not mix), and how to stop following the peer. */
export interface PeerMetrics {
  registry: Registry
  stop(): void
}

/** From a tiny table model on loopback to a 100 MB model on a slow line, seconds. */
const BUCKETS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000]

/** Start to measure. */
export function createMetrics(peer: MeasuredPeer): PeerMetrics {
  const registry = new Registry()
  const { federation, peerId } = peer.status()
  registry.setDefaultLabels({ federation, peer: peerId })
  collectDefaultMetrics({ register: registry })
  addGauges(registry, peer)
  addTraffic(registry, peer)
  return { registry, stop: followEvents(registry, peer) }
}

/** name → [help, value from the status]; a null value is not exported. */
const GAUGES: Record<string, [string, (status: PeerStatus) => number | null]> = {
  murmur_round: ['Training rounds completed.', (status) => status.round],
  murmur_rounds_limit: ['Training rounds that the manifest asks for.', (status) => status.rounds],
  murmur_height: ['Height of the latest commit.', (status) => status.height],
  murmur_view: ['View of the agreement now; above 0 when a proposer failed.', (status) => status.view],
  murmur_members: ['Members known.', (status) => status.members.length],
  murmur_roster_members: [
    'Members that count for quorum.',
    (status) => status.members.filter((member) => member.inRoster).length
  ],
  murmur_connected_members: [
    'Other members connected.',
    (status) => status.members.filter((member) => member.connected && !member.self).length
  ]
}

function addGauges(registry: Registry, peer: MeasuredPeer): void {
  for (const [name, [help, read]] of Object.entries(GAUGES)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(peer.status()) ?? 0)
      }
    })
  }
  addPhase(registry, peer)
  addEvaluation(registry, peer)
}

/** One series per phase, 1 for the present one: the usual form of a state in Prometheus. */
function addPhase(registry: Registry, peer: MeasuredPeer): void {
  new Gauge({
    name: 'murmur_phase',
    help: '1 for the phase the peer is in.',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      const { phase } = peer.status()
      for (const name of phases) this.set({ phase: name }, name === phase ? 1 : 0)
    }
  })
}

function addEvaluation(registry: Registry, peer: MeasuredPeer): void {
  new Gauge({
    name: 'murmur_evaluation',
    help: 'Metrics of the global model: as the latest commit states them, and on the own held-out data.',
    labelNames: ['metric', 'data'],
    registers: [registry],
    collect() {
      const { evaluation, ownEvaluation } = peer.status()
      for (const [metric, value] of Object.entries(evaluation ?? {})) this.set({ metric, data: 'all' }, value)
      for (const [metric, value] of Object.entries(ownEvaluation ?? {}))
        this.set({ metric, data: 'own' }, value)
    }
  })
}

/** The status counts from the peer's start, so the counters are set to what it says. */
function addTraffic(registry: Registry, peer: MeasuredPeer): void {
  const directions = { in: 'bytesIn', out: 'bytesOut' } as const
  new Counter({
    name: 'murmur_bytes_total',
    help: 'Bytes over the network, by direction.',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      const status = peer.status()
      this.reset()
      for (const [direction, field] of Object.entries(directions)) this.inc({ direction }, status[field])
    }
  })
}

function followEvents(registry: Registry, peer: MeasuredPeer): () => void {
  const registers = [registry]
  const rounds = histogram('murmur_round_seconds', 'Duration of rounds, from commit to commit.', registers)
  const training = histogram('murmur_training_seconds', 'Duration of local training.', registers)
  const refused = new Counter({
    name: 'murmur_refused_updates_total',
    help: 'Updates refused, by reason.',
    labelNames: ['reason'],
    registers
  })
  const turnedAway = new Counter({
    name: 'murmur_refused_peers_total',
    help: 'Peers turned away, by reason.',
    labelNames: ['code'],
    registers
  })
  const views = new Counter({ name: 'murmur_view_changes_total', help: 'Proposers that failed.', registers })
  const errors = new Counter({
    name: 'murmur_errors_total',
    help: 'Failures that the peer survived.',
    registers
  })
  const damaged = new Counter({
    name: 'murmur_damaged_blocks_total',
    help: 'Blocks on disk that were not what they should be; healed: written anew at once.',
    labelNames: ['healed'],
    registers
  })
  const stops = [
    on(peer, 'commit', ({ roundMs }) => rounds.observe(roundMs / 1000)),
    on(peer, 'training:end', ({ trainingMs }) => training.observe(trainingMs / 1000)),
    on(peer, 'update:refused', ({ reason }) => refused.inc({ reason })),
    on(peer, 'member:refused', ({ code }) => turnedAway.inc({ code })),
    on(peer, 'block:damaged', ({ healed }) => damaged.inc({ healed: String(healed) })),
    on(peer, 'view:change', () => views.inc()),
    on(peer, 'error', () => errors.inc())
  ]
  return () => stops.forEach((stop) => stop())
}

function histogram(name: string, help: string, registers: Registry[]): Histogram {
  return new Histogram({ name, help, buckets: BUCKETS, registers })
}

/** Follow one event; returns how to stop. */
function on<Name extends keyof PeerEvents>(
  peer: MeasuredPeer,
  name: Name,
  handle: (detail: PeerEvents[Name]['detail']) => void
): () => void {
  const listener = (event: Event): void => handle((event as CustomEvent<PeerEvents[Name]['detail']>).detail)
  peer.addEventListener(name, listener as EventListener)
  return () => peer.removeEventListener(name, listener as EventListener)
}
