/** `murmur ledger plot`: the ledger as charts. */
import { join, resolve } from 'node:path'
import { drawChart } from '../../../charts/chart.ts'
import { codecFor } from '../../../../src/codecs/index.ts'
import { planFor } from '../../../../src/model/task.ts'
import { UserError } from '../../output/exit.ts'
import { writeFiles } from '../../output/files.ts'
import { fileStem, plural, shortId } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { tellOrigin, withSource } from '../../source.ts'
import type { Chart, Series } from '../../../charts/chart.ts'
import type { Handler } from '../../command.ts'
import type { CommitSummary } from '../../../node/types.ts'
import type { Manifest } from '../../../../src/federation/manifest/schema.ts'

/** Options of `murmur ledger plot`. */
export interface PlotOptions {
  out?: string
  force: boolean
}

/** Commits asked for at a time. */
const PAGE = 1000
const BYTES_IN_MB = 1e6

export const handler: Handler<PlotOptions> = async ({ context, options }) => {
  await withSource(context, options, async (source, home) => {
    tellOrigin(context, options, source)
    const manifest = home.manifest.value
    const { height } = await source.status()
    const rounds = new Rounds(updateBytes(manifest))
    for (let from = 1; from <= height; from += PAGE) {
      for await (const commit of source.ledger({ from, limit: PAGE })) rounds.add(commit)
    }
    if (rounds.count === 0)
      throw new UserError('No round is committed yet: there is nothing to plot. Try again when one is.')
    const out = resolve(context.cwd, options.out ?? `${fileStem(manifest.name).toLowerCase()}-plots`)
    const files = rounds.charts(manifest).map(({ name, ...chart }) => {
      return { path: join(out, `${name}.svg`), content: drawChart(chart) }
    })
    const written = await writeFiles(files, options)
    const list = written.map((path) => `  ${path}\n`).join('')
    if (options.json) context.stdout.write(jsonLine({ rounds: rounds.count, files: written }))
    else context.stdout.write(`Plotted ${plural(rounds.count, 'round')}:\n${list}`)
  })
  return undefined
}

/** Of one member in one round. */
function updateBytes(manifest: Manifest): number {
  return codecFor(manifest, new Uint8Array()).sizeBytes(planFor(manifest).parameters)
}

type NamedChart = Chart & { name: string }

/** A metric of the model after a round, and the bytes of all updates up to it. */
interface Point {
  round: number
  bytes: number
  value: number
}

/** What the commits say of rounds, as it adds up. */
class Rounds {
  count = 0
  readonly #updateBytes: number
  readonly #metrics = new Map<string, Point[]>()
  /** Member → round and the sum of its shares. */
  readonly #shares = new Map<string, [number, number][]>()
  #bytes = 0
  #round = 0

  constructor(updateBytes: number) {
    this.#updateBytes = updateBytes
  }

  /** In the order of the ledger. */
  add({ round, evaluation, contributions }: CommitSummary): void {
    // Others change who is a member, or give a round up.
    if (round <= this.#round) return
    this.count++
    this.#round = round
    for (const [name, value] of Object.entries(evaluation)) {
      if (name === 'samples') continue
      const points = this.#metrics.get(name) ?? []
      points.push({ round: round - 1, bytes: this.#bytes, value })
      this.#metrics.set(name, points)
    }
    this.#bytes += contributions.length * this.#updateBytes
    for (const { author, weight } of contributions) {
      const points = this.#shares.get(author) ?? [[round - 1, 0]]
      points.push([round, (points.at(-1)?.[1] ?? 0) + weight])
      this.#shares.set(author, points)
    }
  }

  charts(manifest: Manifest): NamedChart[] {
    const { name: title } = manifest
    const shares = [...this.#shares].sort().map(([author, points]) => ({ name: shortId(author), points }))
    return [
      ...[...this.#metrics].flatMap(([metric, points]) => chartsOf(metric, points, manifest)),
      {
        name: 'contributions',
        title: `${title}: what each member contributed`,
        x: 'round',
        y: 'sum of shares',
        series: shares
      }
    ]
  }
}

/** By round, and by bytes. */
function chartsOf(metric: string, points: readonly Point[], manifest: Manifest): NamedChart[] {
  const { name: title, rounds } = manifest
  const { target } = rounds.stop
  const isMost = codecFor(manifest, new Uint8Array()).varies != null
  const chart = { title, y: metric, ...(target?.metric === metric && { mark: target.value }) }
  const series = (x: (point: Point) => number): Series[] => [
    { name: metric, points: points.map((point) => [x(point), point.value] as const) }
  ]
  return [
    { ...chart, name: metric, x: 'round', series: series(({ round }) => round) },
    {
      ...chart,
      name: `${metric}-by-bytes`,
      x: `MB of updates, of all members${isMost ? ', at most' : ''}`,
      series: series(({ bytes }) => bytes / BYTES_IN_MB)
    }
  ]
}
