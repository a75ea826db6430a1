/** All runs of a plan, one after the other; each can be left at any time and is taken up where it was. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { writeWhole } from './output/files.ts'
import { plotByBytes, plotByRound } from './output/plots.ts'
import { NoSuchVariantError } from './plan/errors.ts'
import { RunStore } from './output/store.ts'
import { markdownTable, metricOf, summarise, summaryTable, summaryToCsv } from './output/summary.ts'
import { parsePlan } from './plan/parse.ts'
import { roundsToTarget, runSeed } from './run/run.ts'
import { ThreadKeeper } from './threads.ts'
import type { StoredResult } from './output/store.ts'
import type { VariantSummary } from './output/summary.ts'
import type { Variant } from './plan/parse.ts'
import type { RoundRow } from './run/rows.ts'
import type { RunState } from './run/run.ts'
import type { Threads, ThreadsInit } from './threads.ts'

/** What is lost at most when a run is left, as long as its rounds are shorter. */
const SAVE_EVERY_MS = 10_000

export interface SimulateInit extends ThreadsInit {
  /** The plan, YAML. */
  text: string
  /** Where results go, and where runs that were left are found. */
  out: string
  /** In place of the plan's. */
  seeds?: number[]
  rounds?: number
  /** Only variants whose name contains this. */
  only?: string
  /** Of murmur, for the results. */
  version: string
  /** Milliseconds since the epoch. */
  now(): number
  onProgress?(progress: SimulationProgress): void
  /** Default 10 s. */
  saveEveryMs?: number
}

/** After each round, and after each run. */
export interface SimulationProgress {
  variant: string
  seed: number
  /** Rounds of this run, done and in all; it may end earlier, at its target. */
  round: number
  rounds: number
  /** Runs done, and in all. */
  run: number
  runs: number
  metric: string
  /** Of the last round that was evaluated. */
  value: number | null
  /** Null: the run was done already. */
  row: RoundRow | null
}

export interface SimulationResult {
  out: string
  summaries: VariantSummary[]
  /** Cells of a table for people, heading first. */
  table: string[][]
}

interface Work extends SimulateInit {
  runs: number
  /** Runs that are done. */
  done: number
}

/**
 * Simulate a plan. Writes a CSV and a JSON file for each run, a summary, and charts.
 *
 * @throws {InvalidPlanError | DataError | OtherResultsError | …} the plan, its data or the folder of results cannot be used
 */
export async function simulate(init: SimulateInit): Promise<SimulationResult> {
  const variants = parsePlan(init.text).map((variant) => withSettings(variant, init))
  const wanted = variants.filter(({ name }) => init.only == null || name.includes(init.only))
  if (wanted.length === 0) throw new NoSuchVariantError(init.only ?? '', variants)
  const work = { ...init, done: 0, runs: wanted.reduce((sum, { plan }) => sum + plan.seeds.length, 0) }
  const keeper = new ThreadKeeper(init)
  try {
    for (const variant of wanted) await runVariant(work, variant, keeper)
  } finally {
    await keeper.close()
  }
  return await conclude(init, variants)
}

function withSettings({ name, plan }: Variant, { seeds, rounds }: SimulateInit): Variant {
  return { name, plan: { ...plan, ...(seeds && { seeds }), ...(rounds != null && { rounds }) } }
}

/** All seeds of a variant. Where all are done, its data is not even looked for. */
async function runVariant(work: Work, variant: Variant, keeper: ThreadKeeper): Promise<void> {
  for (const seed of variant.plan.seeds) {
    const store = storeOf(work, variant, seed)
    const result =
      (await store.result()) ??
      (await runOne(work, { variant, seed, store, threads: await keeper.threadsFor(variant.plan) }))
    work.done++
    report(work, { variant, seed, rows: result.rows, row: null })
  }
}

function storeOf({ out }: SimulateInit, { name, plan }: Variant, seed: number): RunStore {
  return new RunStore(out, { variant: name, plan, seed })
}

interface OneRun {
  variant: Variant
  seed: number
  store: RunStore
  threads: Threads
}

async function runOne(work: Work, { variant, seed, store, threads }: OneRun): Promise<StoredResult> {
  const { signal, now } = work
  const { plan } = variant
  const state = await store.state()
  const abort = (): void => void threads.pool.close()
  signal.addEventListener('abort', abort, { once: true })
  let savedAt = now()
  const onRound = async (row: RoundRow, current: RunState): Promise<void> => {
    report(work, { variant, seed, rows: current.rows, row })
    if (now() - savedAt < (work.saveEveryMs ?? SAVE_EVERY_MS)) return
    await store.putState(current)
    savedAt = now()
  }
  try {
    const { rows, sizes, byClient } = await runSeed({ ...threads, plan, seed, state, signal, now, onRound })
    const made = madeBy(work, threads)
    const parameters = threads.weights.length
    const result = { variant: variant.name, seed, made, plan, parameters, sizes, rows, byClient }
    return await store.putResult({ ...result, roundsToTarget: roundsToTarget(plan, rows) })
  } catch (error) {
    // Threads that were stopped fail at what they were doing: that is not why.
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

interface Report {
  variant: Variant
  seed: number
  rows: readonly RoundRow[]
  /** Null: the run is done. */
  row: RoundRow | null
}

function report({ onProgress, done, runs }: Work, { variant, seed, rows, row }: Report): void {
  const metric = metricOf(variant.plan)
  const value = rows.findLast(({ metrics }) => metrics != null)?.metrics?.[metric] ?? null
  const place = { variant: variant.name, seed, round: rows.length, rounds: variant.plan.rounds }
  onProgress?.({ ...place, run: done, runs, metric, value, row })
}

function madeBy({ version, now }: Work, { pool, count }: Threads): StoredResult['made'] {
  const processors = cpus()
  return {
    murmuration: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    threads: count,
    backend: pool.backend,
    finishedAt: new Date(now()).toISOString()
  }
}

/** Sum up all runs that are done, those of earlier calls too. */
async function conclude(init: SimulateInit, variants: readonly Variant[]): Promise<SimulationResult> {
  const { out, text } = init
  const done: { variant: Variant; results: StoredResult[] }[] = []
  for (const variant of variants) {
    const results = await Promise.all(variant.plan.seeds.map((seed) => storeOf(init, variant, seed).result()))
    const there = results.filter((result) => result != null)
    if (there.length > 0) done.push({ variant, results: there })
  }
  const summaries = done.map(({ variant, results }) => summarise(variant.plan, results))
  const table = summaryTable(summaries)
  const { name: title, target } = variants[0].plan
  const plotted = done.map(({ variant, results }) => ({ name: variant.name, results }))
  const plot = {
    title,
    metric: metricOf(variants[0].plan),
    variants: plotted,
    ...(target && { target: target.value })
  }
  await writeWhole(join(out, 'plan.yaml'), text)
  await writeWhole(join(out, 'summary.csv'), summaryToCsv(summaries))
  await writeWhole(join(out, 'summary.md'), markdownTable(table))
  await writeWhole(join(out, 'by-round.svg'), plotByRound(plot))
  await writeWhole(join(out, 'by-bytes.svg'), plotByBytes(plot))
  return { out, summaries, table }
}
