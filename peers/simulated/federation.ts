/** The federation that a simulation is about: its manifest, its members, and where its ledger begins. */
import { manifestSchema } from '../../src/federation/manifest/schema.ts'
import { genesisTip } from '../../src/rounds/index.ts'
import { addressOf } from './peer/address.ts'
import type { Manifest } from '../../src/federation/manifest/schema.ts'
import type { LedgerTip, RoundConfig } from '../../src/rounds/index.ts'

/** What histories vary. */
export interface FederationOptions {
  /** Peers, named p0, p1, …; the first `members` of them are in the roster from the start. */
  peers: number
  members: number
  faultModel: 'crash' | 'byzantine'
  minContributors: number
  /** The share of the roster that trains in a round. */
  cohort: number
  /** How many members at a time fetch the updates; absent: all. */
  committee?: number
  maxMissed: number
  /** Who is proven to have voted twice is out for so many commits. */
  banRounds: number
  /** The first time-outs of a view. */
  proposeMs: number
  voteMs: number
  /** Length of the model. */
  parameters: number
  /** A butterfly divides even so small a model. */
  topology: Manifest['exchange']['topology']
}

export interface SimFederation {
  options: FederationOptions
  ids: readonly string[]
  manifest: Manifest
  config: RoundConfig
  genesis: LedgerTip
  initialWeights: Float32Array
}

/** One value. */
const BLOCK_BYTES = 4
const DEADLINE = { floorMs: 1000, ceilingMs: 20_000, factor: 6 }
/** A claim of more samples counts as this many. */
export const MAX_SAMPLES = 1000
export const MAX_NORM = 100

/** Any peer id will do: nobody in a simulation looks at it. */
const FOUNDER = `12D3KooW${'A'.repeat(44)}`

let parsed: Manifest | undefined

/** Parsed once: the schema costs more than a whole simulated round. */
function baseManifest(): Manifest {
  parsed ??= manifestSchema.parse({
    name: 'simulated',
    task: {
      kind: 'regression',
      input: { kind: 'tabular', columns: [{ name: 'x', type: 'number' }], target: 'y' }
    },
    model: { architecture: { preset: 'logistic' } },
    version: 1,
    founder: FOUNDER,
    createdAt: 0,
    nonce: new Uint8Array(16)
  })
  return parsed
}

/** The federation of these options, founded with its first roster in place. */
export function simulatedFederation(options: FederationOptions): SimFederation {
  const { minContributors, cohort, committee, maxMissed, faultModel, proposeMs, voteMs } = options
  const base = baseManifest()
  const rounds = {
    ...base.rounds,
    ...(committee == null ? {} : { committee }),
    minContributors,
    cohort,
    maxMissed,
    deadline: DEADLINE
  }
  const manifest: Manifest = {
    ...base,
    rounds: { ...rounds, startMembers: 1, stop: { rounds: 1_000_000 } },
    exchange: { ...base.exchange, topology: options.topology, blockSizeBytes: BLOCK_BYTES },
    aggregation: { ...base.aggregation, maxSamples: MAX_SAMPLES, maxNorm: MAX_NORM },
    membership: { ...base.membership, faultModel, banRounds: options.banRounds }
  }
  const ids = Array.from({ length: options.peers }, (_, i) => `p${i}`)
  const initialWeights = new Float32Array(options.parameters)
  const genesis = genesisTip(addressOf('federation'), manifest, addressOf(initialWeights))
  const roster = ids.slice(0, options.members).map((peer) => ({ peer, missed: 0 }))
  return {
    options,
    ids,
    manifest,
    config: { faultModel, minContributors, deadline: DEADLINE, proposeMs, voteMs },
    genesis: { ...genesis, body: { ...genesis.body, epsilon: 0, roster } },
    initialWeights
  }
}
