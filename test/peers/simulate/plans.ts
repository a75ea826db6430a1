/** Plans for tests: drawn digits, a small model. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { simulate } from '../../../peers/simulate/index.ts'
import type { SimulateInit, SimulationResult } from '../../../peers/simulate/index.ts'

type Settings = Record<string, unknown>

/** Ten clients that draw digits; `more` replaces settings. */
export function digitsPlan(more: Settings = {}): Settings {
  return {
    name: 'digits',
    task: {
      kind: 'classification',
      input: { kind: 'image', height: 28, width: 28, channels: 1 },
      labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
    },
    model: { architecture: { preset: 'mlp', hidden: [16] } },
    training: { batchSize: 20, learningRate: 0.1 },
    data: { path: 'demo:1' },
    clients: 10,
    rounds: 4,
    ...more
  }
}

export const yamlOf = (plan: Settings): string => stringify(plan)

/** A folder that is gone after `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-simulate-test-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Simulate a plan with one thread, unless told otherwise. */
export function run(
  plan: Settings,
  out: string,
  more: Partial<SimulateInit> = {}
): Promise<SimulationResult> {
  return runText(yamlOf(plan), out, more)
}

/** The same of a text. */
export function runText(
  text: string,
  out: string,
  more: Partial<SimulateInit> = {}
): Promise<SimulationResult> {
  const { signal } = new AbortController()
  return simulate({
    text,
    folder: out,
    out,
    workers: 1,
    version: '0',
    signal,
    now: () => Date.now(),
    ...more
  })
}
