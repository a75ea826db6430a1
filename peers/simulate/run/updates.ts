/** One round's updates: trained by the honest, trained or made up by those that lie, judged as peers judge. */
import { checkDelta } from '../../../src/aggregation/index.ts'
import { attackOf } from '../../../src/attacks/index.ts'
import { bytesReader, codecFor, MalformedPayloadError } from '../../../src/codecs/index.ts'
import { seededRandom } from '../../../src/random.ts'
import { jobControl } from '../../../src/training/controls.ts'
import { readWhole } from '../../../src/vectors.ts'
import { clientSeed } from './clients.ts'
import type { ForgingAttack } from '../../../src/attacks/index.ts'
import type { Codec, VectorReader } from '../../../src/codecs/index.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Controls } from '../../../src/training/controls.ts'
import type { AttackSpec } from '../../../src/attacks/index.ts'
import type { ClientData } from '../data/load.ts'
import type { Pool } from '../worker/pool.ts'
import type { Trained } from '../worker/messages.ts'

/** Coordinates looked at at a time. */
export const STRETCH = 65_536

/** What a round is done with. */
export interface RoundInput {
  manifest: Pick<Manifest, 'aggregation' | 'exchange' | 'model' | 'task' | 'training'>
  /** The honest clients' data; clients with higher numbers lie. */
  clients: readonly ClientData[]
  attack: AttackSpec | null
  /** Length of a delta. */
  parameters: number
  pool: Pool
  round: number
  roundSeed: Uint8Array
  /** Ascending. */
  cohort: readonly number[]
  /** What clients keep to themselves; changed by `keepOwn`. */
  own: OwnVectors
  /** Of a client, by an algorithm that keeps them; null by any other. */
  controlOf: ((client: number) => Controls) | null
}

/** By client. */
export interface OwnVectors {
  /** What codecs left out. */
  residuals: Map<number, Float32Array>
  /** Values of layers that stay with each. */
  locals: Map<number, Float32Array>
  /** What each remembers of its deltas, by worker momentum. */
  momenta: Map<number, Float32Array>
}

/** One client's update, and what becomes of it. */
export interface SentUpdate extends Omit<Sent, 'payload'> {
  bytes: number
  read: VectorReader
  refused: 'malformed' | 'not-finite' | 'norm' | null
}

type Sent = Trained & { client: number }

/** The updates of a round, by client. A client whose training diverges sends none, and one that has no data. */
export async function updatesOf(input: RoundInput): Promise<SentUpdate[]> {
  const honest = input.cohort.filter((client) => client < input.clients.length)
  const liars = input.cohort.filter((client) => client >= input.clients.length)
  const attack = input.attack == null ? null : attackOf(input.attack)
  const isPoisoning = attack?.kind === 'poisons'
  const trained = await trainAll(input, isPoisoning ? [...honest, ...liars] : honest)
  const forged = attack?.kind === 'forges' ? await forge(input, { attack, liars, honest: trained }) : []
  const codec = codecAt(input)
  return Promise.all([...trained, ...forged].map((sent) => judge(sent, codec, input)))
}

/** Payloads that count change what their clients keep; all others leave it as it was. */
export function keepOwn({ residuals, locals, momenta }: OwnVectors, updates: readonly SentUpdate[]): void {
  for (const { client, residual, local, momentum, refused } of updates) {
    if (refused != null) continue
    if (residual != null) residuals.set(client, residual)
    if (local != null) locals.set(client, local)
    if (momentum != null) momenta.set(client, momentum)
  }
}

/** The longest first: no thread is left with much to do when the others are done. */
async function trainAll(input: RoundInput, clients: readonly number[]): Promise<Sent[]> {
  const jobs = clients
    .map((client) => ({ client, data: dataOf(input, client) }))
    .filter(({ data }) => data.indices.length > 0)
    .sort((a, b) => b.data.indices.length - a.data.indices.length)
  const results = await Promise.all(jobs.map(({ client, data }) => trainOne(input, client, data)))
  return results.filter((sent) => sent != null).sort((a, b) => a.client - b.client)
}

async function trainOne(input: RoundInput, client: number, data: ClientData): Promise<Sent | null> {
  const { pool, round, roundSeed, own, attack, clients, controlOf } = input
  const trained = await pool.train({
    kind: 'train',
    indices: data.indices,
    round,
    seed: clientSeed(roundSeed, client),
    noise: { deviation: data.noise, seed: client },
    attack: client < clients.length ? null : attack,
    roundSeed,
    residual: own.residuals.get(client) ?? null,
    local: own.locals.get(client) ?? null,
    momentum: own.momenta.get(client) ?? null,
    control: controlOf == null ? null : jobControl(input.manifest.training.client, controlOf(client))
  })
  return trained && { ...trained, client }
}

/** One that lies and has to train has the data of an honest client: a copy, as nothing is divided among liars. */
function dataOf({ clients }: RoundInput, client: number): ClientData {
  return clients[client] ?? clients[client % clients.length]
}

/** What liars make up, knowing all that the honest send in this round. They claim as many samples as those have on average. */
async function forge(
  input: RoundInput,
  { attack, liars, honest }: { attack: ForgingAttack; liars: readonly number[]; honest: readonly Sent[] }
): Promise<Sent[]> {
  if (honest.length === 0) return []
  const codec = codecAt(input)
  const deltas = await Promise.all(honest.map(({ payload }) => decoded(codec, payload, input.parameters)))
  const samples = Math.round(honest.reduce((sum, sent) => sum + sent.samples, 0) / honest.length)
  const makeUp = (client: number): Trained['payload'] => {
    const random = seededRandom(clientSeed(input.roundSeed, client))
    const delta = attack.forge({ honest: deltas, byzantine: liars.length, random })
    return codec.encode(delta) as Trained['payload']
  }
  const common = attack.alike && liars.length > 0 ? makeUp(liars[0]) : null
  return liars.map((client) => ({
    client,
    samples,
    residual: null,
    local: null,
    momentum: null,
    payload: common ?? makeUp(client)
  }))
}

function decoded(codec: Codec, payload: Uint8Array, length: number): Promise<Float32Array> {
  return readWhole(codec.decode(bytesReader(payload), length), { length, stretch: STRETCH })
}

/** As `UpdatePool` in peers/engine/height/updates.ts. */
async function judge(sent: Sent, codec: Codec, input: RoundInput): Promise<SentUpdate> {
  const { payload, ...rest } = sent
  const read = codec.decode(bytesReader(payload), input.parameters)
  const update = { ...rest, bytes: payload.byteLength, read }
  const { maxNorm } = input.manifest.aggregation
  try {
    const refused = await checkDelta(read, {
      part: { from: 0, to: input.parameters },
      maxNorm,
      stretch: STRETCH
    })
    return { ...update, refused }
  } catch (error) {
    if (error instanceof MalformedPayloadError) return { ...update, refused: 'malformed' }
    throw error
  }
}

function codecAt({ manifest, roundSeed }: RoundInput): Codec {
  return codecFor(manifest, roundSeed)
}
