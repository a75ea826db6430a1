/** What a plan names as data → shared examples, and whose they are. */
import { basename, isAbsolute, join, resolve } from 'node:path'
import { noiseOf, partition } from '../../../src/data/index.ts'
import { openData } from '../../node/data/open.ts'
import { clientsOf, manifestOf } from '../plan/parse.ts'
import { shareExamples, sharedIndices } from './shared.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Plan } from '../plan/schema.ts'
import type { SharedExamples } from './shared.ts'

/** Some examples in a row that belong together. */
export interface Stretch {
  name: string
  from: number
  to: number
}

/** The examples of a plan. The same for all seeds: what is held out is held out by the same seed. */
export interface LoadedData {
  train: SharedExamples
  test: SharedExamples
  /** Whose examples they are, where the data says it. */
  owners: { train: Stretch[]; test: Stretch[] } | null
}

/** What one client trains on. */
export interface ClientData {
  indices: Uint32Array<SharedArrayBuffer>
  /** Deviation of the noise on its features. */
  noise: number
}

/** Held-out examples are the same whatever the seed of a run. */
const HOLDOUT_SEED = 1

/** Where the data of plans is. */
export interface DataPlace {
  /** That a plan's paths are relative to. */
  folder: string
  /** A folder that has all of a plan's data, by the last part of its paths; paths are not looked at otherwise. */
  dataFolder?: string
}

/**
 * Read the data of a plan.
 *
 * @throws {DataError} not there, or not as the plan's task says
 */
export async function loadData(plan: Plan, place: DataPlace): Promise<LoadedData> {
  const { data } = plan
  const manifest = manifestOf(plan, HOLDOUT_SEED) as unknown as Manifest
  if ('clients' in data) return loadNatural(data.clients, manifest, place)
  const { path, testPath } = data
  const test = testPath != null && { testPath: within(place, testPath) }
  const opened = await openData({ path: within(place, path), ...test }, manifest)
  return {
    train: await shareExamples([opened.train], path),
    test: await shareExamples([opened.test], path),
    owners: null
  }
}

type NaturalClient = Extract<Plan['data'], { clients: unknown }>['clients'][number]

/** Each client's file as that client would open it: what is held out and how numbers are normalised is its own. */
async function loadNatural(
  clients: readonly NaturalClient[],
  manifest: Manifest,
  place: DataPlace
): Promise<LoadedData> {
  const opened = []
  for (const { name, path, where } of clients) {
    opened.push({
      name,
      ...(await openData({ path: within(place, path), ...(where && { where }) }, manifest))
    })
  }
  const [train, test] = [opened.map((one) => one.train), opened.map((one) => one.test)]
  const names = opened.map(({ name }) => name)
  return {
    train: await shareExamples(train, clients[0].path),
    test: await shareExamples(test, clients[0].path),
    owners: { train: stretches(names, train), test: stretches(names, test) }
  }
}

/** Text that is equal for plans that share their data. */
export function dataKey({ data, task, training }: Plan): string {
  const source = 'path' in data ? { path: data.path, testPath: data.testPath } : data.clients
  return JSON.stringify([source, task, training.holdout])
}

/** The honest clients' data in one run, in the order of the clients. */
export function divide(plan: Plan, { train, owners }: LoadedData, seed: number): ClientData[] {
  const { data, task } = plan
  if ('path' in data) {
    const peers = clientsOf(plan) - (plan.byzantine?.count ?? 0)
    const input = { targets: train.targets, labels: task.labels.length, peers, seed }
    return partition(data.partition, input).map((indices, i) => ({
      indices: sharedIndices(indices),
      noise: noiseOf(data.partition, i, peers)
    }))
  }
  const own = (owners?.train ?? []).filter(({ name }) => data.only?.includes(name) ?? true)
  const parts = own.map(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))
  const divided = data.pooled ? [parts.flat()] : parts
  return divided.map((indices) => ({ indices: sharedIndices(indices), noise: 0 }))
}

function within({ folder, dataFolder }: DataPlace, path: string): string {
  if (path.startsWith('demo:')) return path
  if (dataFolder != null) return join(dataFolder, basename(path))
  return isAbsolute(path) ? path : resolve(folder, path)
}

function stretches(names: readonly string[], datasets: readonly { size: number }[]): Stretch[] {
  let at = 0
  return names.map((name, i) => ({ name, from: at, to: (at += datasets[i].size) }))
}
