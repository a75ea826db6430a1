/** What a plan names as data → shared examples, and whose they are. */
import { isAbsolute, resolve } from 'node:path'
import { noiseOf, partition } from '../../../src/data/index.ts'
import { openData } from '../../node/data/open.ts'
import { clientsOf, manifestOf } from '../plan/parse.ts'
import { shareExamples, sharedIndices } from './shared.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { DataOptions } from '../../node/types.ts'
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

/**
 * Read the data of a plan.
 *
 * @param folder - that paths are relative to
 * @throws {DataError} not there, or not as the plan's task says
 */
export async function loadData(plan: Plan, folder: string): Promise<LoadedData> {
  const { data } = plan
  const manifest = manifestOf(plan, HOLDOUT_SEED) as unknown as Manifest
  if ('path' in data) {
    const { train, test } = await openData(divided(data, folder), manifest)
    return {
      train: await shareExamples([train], data.path),
      test: await shareExamples([test], data.path),
      owners: null
    }
  }
  const opened = []
  for (const { path, where } of data.clients) {
    opened.push(await openData({ path: within(folder, path), ...(where && { where }) }, manifest))
  }
  const names = data.clients.map(({ name }) => name)
  const label = data.clients[0].path
  return {
    train: await shareExamples(
      opened.map(({ train }) => train),
      label
    ),
    test: await shareExamples(
      opened.map(({ test }) => test),
      label
    ),
    owners: {
      train: stretches(
        names,
        opened.map(({ train }) => train.size)
      ),
      test: stretches(
        names,
        opened.map(({ test }) => test.size)
      )
    }
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

function divided({ path, testPath }: { path: string; testPath?: string }, folder: string): DataOptions {
  return { path: within(folder, path), ...(testPath != null && { testPath: within(folder, testPath) }) }
}

function within(folder: string, path: string): string {
  return isAbsolute(path) || path.startsWith('demo:') ? path : resolve(folder, path)
}

function stretches(names: readonly string[], sizes: readonly number[]): Stretch[] {
  let at = 0
  return names.map((name, i) => ({ name, from: at, to: (at += sizes[i]) }))
}
