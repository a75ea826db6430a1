import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { manifestTemplate, parseManifestYaml } from '../../../../src/federation/manifest/index.ts'
import { exitCodes } from '../../output/exit.ts'
import { eventLine } from '../../output/json.ts'
import { tableColumns } from '../../output/table.ts'
import { applySettings } from '../init/draft.ts'
import { trainAlone } from './alone.ts'
import { runFederation } from './federation.ts'
import { initialDemo } from './progress.ts'
import { agreedCommit, renderReport } from './report.ts'
import { startStage } from './stage.ts'
import type { Handler } from '../../command.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { HomeInfo } from '../../library/types.ts'
import type { DataOptions } from '../../../node/types.ts'
import type { Comparison } from './alone.ts'
import type { FederationRun } from './federation.ts'
import type { DemoOptions } from './options.ts'
import type { DemoResult } from './report.ts'
import type { Stage } from './stage.ts'

type Options = DemoOptions & GlobalOptions

export const handler: Handler<DemoOptions> = async ({ context, options }) => {
  const directory = await mkdtemp(join(tmpdir(), 'murmur-demo-'))
  try {
    const result = await demonstrate(context, options, directory)
    tell(context, options, options.keep ? { ...result, directory } : result)
  } finally {
    if (!options.keep) await rm(directory, { recursive: true, force: true })
    else if (!options.json) context.stderr.write(`The peers' state is in ${directory}.\n`)
  }
  return exitCodes.ok
}

function tell(
  { stdout, now }: CommandContext,
  options: Options,
  result: DemoResult & { directory?: string }
): void {
  if (options.json) return stdout.write(eventLine('result', now(), { ...result }))
  stdout.write(`\n${renderReport(result, tableColumns(stdout))}\n`)
}

async function demonstrate(
  context: CommandContext,
  options: Options,
  directory: string
): Promise<DemoResult> {
  const startedAt = context.now()
  const homes = Array.from({ length: options.peers }, (_, i) => join(directory, `peer-${i + 1}`))
  const data = homes.map((_, i) => dataOf(context, options, i))
  const { backend, threads } = options
  const founder = await found(context, options, homes[0] ?? directory)
  const stage = startStage(context, options, initialDemo(titleOf(options), options.rounds, options.peers))
  try {
    const run = await runFederation({ context, homes, data, backend, threads, onEvent: stage.event })
    const comparisons = await compare(context, { founder, options, data, run, stage })
    return resultOf({ context, options, founder, run, comparisons, startedAt })
  } finally {
    stage.stop()
  }
}

/** Everybody must be here before training starts, so that all see the same rounds. */
async function found(context: CommandContext, options: Options, home: string): Promise<HomeInfo> {
  const settings = { rounds: options.rounds, members: options.peers }
  const name = options.data == null ? 'Drawn digits' : 'Demo on real data'
  const yaml = applySettings(manifestTemplate('digits'), name, settings)
  return await context.library.found({ home, draft: parseManifestYaml(yaml), yaml, now: context.now() })
}

function dataOf(context: CommandContext, options: Options, index: number): DataOptions {
  if (options.data == null) return { path: `demo:${index + 1}` }
  return { path: resolve(context.cwd, options.data), part: { index, count: options.peers } }
}

function titleOf({ peers, data }: Options): string {
  const what = data == null ? 'drawn digits, each with its own writers' : data
  return `${peers} peers train together on ${what}`
}

interface CompareInit {
  founder: HomeInfo
  options: Options
  data: DataOptions[]
  run: FederationRun
  stage: Stage
}

/** Two at a time: the machine's cores were busy with all peers before, now they are free. */
async function compare(context: CommandContext, init: CompareInit): Promise<Comparison[]> {
  const { founder, options, data, run, stage } = init
  const results: Comparison[] = []
  const queue = data.map((path, index) => ({ path, index }))
  stage.alone(data.map(() => 0))
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next != null; next = queue.shift()) {
      const { index, path } = next
      const onRound = (round: number): void => stage.aloneRound(index, round)
      const { signal, library } = context
      const job = {
        library,
        manifest: founder.manifest.value,
        data: path,
        backend: options.backend,
        threads: options.threads,
        rounds: options.rounds,
        signal,
        onRound
      }
      results[index] = await trainAlone(job, run.weights)
    }
  }
  await Promise.all([worker(), worker()])
  return results
}

interface ResultInit {
  context: CommandContext
  options: Options
  founder: HomeInfo
  run: FederationRun
  comparisons: Comparison[]
  startedAt: number
}

function resultOf({ context, options, founder, run, comparisons, startedAt }: ResultInit): DemoResult {
  const words = (i: number): string => {
    return options.data == null ? `its own writers (demo:${i + 1})` : `part ${i + 1} of ${options.peers}`
  }
  const ends = run.peers.map(({ commit }, i) => ({ name: `peer ${i + 1}`, commit }))
  return {
    federation: founder.manifest.cid.toString(),
    commit: agreedCommit(ends),
    rounds: options.rounds,
    peers: comparisons.map((comparison, i) => ({
      name: `peer ${i + 1}`,
      data: words(i),
      ...comparison,
      bytesOut: run.peers[i]?.bytesOut ?? 0
    })),
    secondsPerRound: run.secondsPerRound,
    wallSeconds: (context.now() - startedAt) / 1000
  }
}
