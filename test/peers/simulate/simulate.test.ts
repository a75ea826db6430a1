import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { digitsPlan, inFolder, run } from './plans.ts'
import { failure } from '../../helpers/failure.ts'
import type { RoundRow } from '../../../peers/simulate/run/rows.ts'

interface Stored {
  rows: RoundRow[]
  sizes: number[]
  roundsToTarget: number | null
  byClient: { name: string; metrics: Record<string, number> }[]
  made: Record<string, unknown>
}

/** Results of the only run, or of the one of that name. */
function stored(out: string, name = ''): Stored {
  const folder = join(out, 'runs')
  const file = readdirSync(folder).find((entry) => entry.endsWith('.json') && entry.includes(name))
  return JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')) as Stored
}

/** All but wall times, which no seed decides. */
const timeless = ({ rows }: Stored): object[] =>
  rows.map(({ seconds: _seconds, evaluationSeconds: _evaluation, ...row }) => row)

const caught = (promise: Promise<unknown>): Promise<Error> => failure(promise, Error)

const accuracies = ({ rows }: Stored): (number | undefined)[] =>
  rows.map(({ metrics }) => metrics?.['accuracy'])

/** A topology with batch normalisation. */
const NORMALISED = JSON.stringify({
  class_name: 'Sequential',
  config: {
    layers: [
      { class_name: 'Flatten', config: {} },
      { class_name: 'Dense', config: { units: 16, activation: 'relu' } },
      { class_name: 'BatchNormalization', config: { momentum: 0.5 } },
      { class_name: 'Dense', config: { units: 10, activation: 'softmax' } }
    ]
  }
})

describe('a simulation', function () {
  this.timeout(60_000)

  it('learns among more liars than honest clients where one is trusted, and by the mean not among fewer', async () => {
    const plan = digitsPlan({
      clients: 24,
      rounds: 8,
      evaluateEvery: 8,
      training: { work: { epochs: 2 }, batchSize: 20, learningRate: 0.1 },
      grid: [
        {
          'sign flip': { byzantine: { attack: { name: 'signFlip' } } },
          IPM: { byzantine: { attack: { name: 'ipm', epsilon: 2 } } }
        },
        {
          FLTrust: { byzantine: { count: 14 }, aggregation: { rule: { name: 'fltrust' } } },
          mean: { byzantine: { count: 11 } }
        }
      ]
    })
    const { summaries } = await inFolder((out) => run(plan, out))
    const [flipped, flippedMean, manipulated, manipulatedMean] = summaries.map(({ last }) => last ?? 0)
    expect(Math.min(flipped, manipulated)).to.be.above(0.65)
    expect(Math.max(flippedMean, manipulatedMean)).to.be.below(0.4)
  })

  it('trains, and gives the same whatever the number of threads', async () => {
    const plan = digitsPlan({
      cohort: 0.5,
      data: { path: 'demo:1', partition: { name: 'dirichlet', alpha: 1 } }
    })
    const results: Stored[] = []
    for (const workers of [1, 2]) {
      await inFolder(async (out) => {
        const { table, summaries } = await run(plan, out, { workers })
        results.push(stored(out))
        expect(readdirSync(out).sort()).to.deep.equal([
          ...['by-bytes.svg', 'by-round.svg', 'plan.yaml', 'runs', 'summary.csv', 'summary.md']
        ])
        expect(readdirSync(join(out, 'runs')).sort()).to.deep.equal([
          'digits-seed-1.csv',
          'digits-seed-1.json'
        ])
        expect(table[1][0]).to.equal('digits')
        expect(summaries[0].last).to.equal(results.at(-1)?.rows[3].metrics?.['accuracy'])
      })
    }
    const [one, two] = results
    expect(timeless(two)).to.deep.equal(timeless(one))
    expect(one.rows.map(({ accepted }) => accepted)).to.deep.equal([5, 5, 5, 5])
    expect(one.sizes.reduce((a, b) => a + b)).to.equal(1200)
    expect(one.rows[0].uploadedBytes).to.equal(5 * 4 * (784 * 16 + 16 + 170))
    expect(accuracies(one)[3]).to.be.above(0.3)
  })

  it('trains models with batch normalisation by any server optimizer: no variance falls below zero', async () => {
    const plan = digitsPlan({
      model: { architecture: { topology: NORMALISED } },
      aggregation: { serverOptimizer: { name: 'adam', learningRate: 0.1 } },
      clients: 4
    })
    await inFolder(async (out) => {
      const { summaries } = await run(plan, out)
      expect(summaries[0].last).to.be.above(0.3)
      for (const { metrics } of stored(out).rows) expect(metrics?.['loss']).to.be.below(10)
    })
  })

  it("sends a model's own matrices as factors, and learns from them", async () => {
    const plan = digitsPlan({ exchange: { codec: { name: 'powersgd', rank: 2, values: 'fp32' } }, rounds: 6 })
    await inFolder(async (out) => {
      await run(plan, out)
      const { rows } = stored(out)
      // 784 × 16 and its bias; 16 × 10 and its.
      expect(rows[0].uploadedBytes).to.equal(10 * 4 * (2 * (784 + 16) + 16 + (2 * (16 + 10) + 10)))
      expect(accuracies(stored(out)).at(-1)).to.be.above(0.4)
    })
  })

  it('measures each client with its own layers where these stay with clients', async () => {
    const plan = digitsPlan({
      model: { architecture: { topology: NORMALISED } },
      data: { path: 'demo:1', partition: { name: 'noise', deviation: 0.5 } },
      training: { batchSize: 20, learningRate: 0.1, local: 'batchNormalization' },
      clients: 3,
      rounds: 2,
      evaluateEvery: 2
    })
    await inFolder(async (out) => {
      const { summaries } = await run(plan, out, { workers: 1 })
      expect(summaries[0].last).to.be.above(0.3)
      expect(stored(out).rows[1].metrics?.['samples']).to.equal(3 * 2000)
    })
  })

  it('goes on where it was left, with what codecs left out and clients remember, to the same result', async () => {
    const plan = digitsPlan({
      exchange: { codec: { name: 'topk', fraction: 0.05 } },
      training: { batchSize: 20, learningRate: 0.1, client: { name: 'workerMomentum' } },
      aggregation: { serverOptimizer: { name: 'adam', learningRate: 0.01 } },
      clients: 4,
      rounds: 3
    })
    const whole = await inFolder(async (out) => {
      await run(plan, out)
      return timeless(stored(out))
    })
    await inFolder(async (out) => {
      const leaving = new AbortController()
      const onProgress = ({ round }: { round: number }): void => {
        if (round === 2) leaving.abort(new Error('left'))
      }
      const left = run(plan, out, { signal: leaving.signal, onProgress, saveEveryMs: 0 })
      expect((await caught(left)).message).to.equal('left')
      expect(readdirSync(join(out, 'runs'))).to.deep.equal(['digits-seed-1.state'])
      const done: number[] = []
      await run(plan, out, { onProgress: ({ row }) => row != null && done.push(row.round) })
      expect(done).to.deep.equal([3])
      expect(timeless(stored(out))).to.deep.equal(whole)
      // All is done: the data is not even looked for.
      await run(plan, out, { onProgress: ({ row }) => row != null && done.push(row.round) })
      expect(done).to.deep.equal([3])
    })
  })

  it('refuses to go on with the results of another plan, or with damaged ones', async () => {
    await inFolder(async (out) => {
      const plan = digitsPlan({ rounds: 1, clients: 1 })
      await run(plan, out)
      const other = await caught(run({ ...plan, cohort: 0.5 }, out))
      expect(other.name).to.equal('OtherResultsError')
      expect(other.message).to.include('digits-seed-1.json is of another plan')
      writeFileSync(join(out, 'runs', 'digits-seed-1.json'), '{"fingerprint": ')
      expect((await caught(run(plan, out))).name).to.equal('DamagedResultsError')
    })
  })

  it('tries each combination of its grid with each seed, and ends a run at its target', async () => {
    const plan = digitsPlan({
      clients: 2,
      rounds: 5,
      seeds: [1, 2],
      target: { metric: 'accuracy', value: 0.3 },
      grid: [{ slow: { training: { learningRate: 1e-6 } }, fast: { training: { learningRate: 0.2 } } }]
    })
    await inFolder(async (out) => {
      const none = await caught(run(plan, out, { only: 'quick' }))
      expect(none.message).to.equal('No variant has "quick" in its name; there are "slow", "fast"')
      expect((await run(plan, out, { only: 'slow' })).summaries).to.have.length(1)
      const { summaries } = await run(plan, out, { only: 'fast' })
      expect(summaries.map(({ variant, seeds }) => [variant, seeds])).to.deep.equal([
        ['slow', [1, 2]],
        ['fast', [1, 2]]
      ])
      const [slow, fast] = summaries
      expect(slow.roundsToTarget).to.deep.equal([null, null])
      expect(slow.medianRounds).to.equal(null)
      expect(fast.medianRounds).to.be.within(1, 5)
      expect(stored(out, 'fast-seed-2').rows).to.have.length(fast.roundsToTarget[1] ?? 0)
      expect(readFileSync(join(out, 'by-round.svg'), 'utf8')).to.include('>fast</text>')
    })
  })

  it('trains clients by the manifest’s algorithm, and moves the model by its optimizer', async () => {
    const client = (name: string, more = {}): object => ({ training: { client: { name, ...more } } })
    const adam = { aggregation: { serverOptimizer: { name: 'adam', learningRate: 0.01 } } }
    const partition = { name: 'quantity', alpha: 0.5, minSamples: 20 }
    const plan = digitsPlan({
      data: { path: 'demo:1', partition },
      rounds: 1,
      grid: [{ fedavg: {}, fedprox: client('fedprox', { mu: 5 }), fednova: client('fednova'), adam }]
    })
    await inFolder(async (out) => {
      const { summaries } = await run(plan, out)
      const losses = summaries.map(({ variant }) => stored(out, variant).rows[0].metrics?.['loss'])
      expect(new Set(losses)).to.have.length(4)
    })
  })

  it('has clients send what they remember of their deltas, so that liars stand out', async () => {
    const plan = digitsPlan({
      training: { work: { steps: 1 }, batchSize: 2, learningRate: 0.1 },
      aggregation: { rule: { name: 'geometricMedian' } },
      clients: 14,
      byzantine: { count: 4, attack: { name: 'signFlip' } },
      rounds: 60,
      evaluateEvery: 60,
      grid: [{ plain: {}, momentum: { training: { client: { name: 'workerMomentum' } } } }]
    })
    await inFolder(async (out) => {
      const [plain, momentum] = (await run(plan, out, { workers: 1 })).summaries
      expect(momentum.last).to.be.above((plain.last ?? 1) + 0.15)
    })
  })

  it('goes further by clients that keep controls, where each has two labels', async () => {
    const plan = digitsPlan({
      data: { path: 'demo:1', partition: { name: 'labels', labelsPerClient: 2 } },
      clients: 5,
      rounds: 6,
      evaluateEvery: 6,
      grid: [{ fedavg: {}, scaffold: { training: { client: { name: 'scaffold' } } } }]
    })
    await inFolder(async (out) => {
      const [fedavg, scaffold] = (await run(plan, out, { workers: 1 })).summaries
      expect(scaffold.last).to.be.above((fedavg.last ?? 1) + 0.02)
    })
  })

  it('has as many liars as it is told; rules withstand what the mean does not', async () => {
    const rule = (name: string, more = {}): object => ({ aggregation: { rule: { name, ...more } } })
    const lie = (name: string, more = {}): object => ({ byzantine: { attack: { name, ...more } } })
    const plan = digitsPlan({
      clients: 8,
      byzantine: { count: 2, attack: { name: 'nan' } },
      rounds: 2,
      grid: [
        { mean: rule('mean'), median: rule('median') },
        { nan: lie('nan'), wild: lie('gaussian', { sigma: 10 }), flipped: lie('labelFlip') }
      ]
    })
    await inFolder(async (out) => {
      const { summaries } = await run(plan, out)
      const last = Object.fromEntries(summaries.map((summary) => [summary.variant, summary.last]))
      expect(stored(out, 'mean-nan').rows[0]).to.include({ accepted: 6, refused: 2, lapsed: false })
      expect(stored(out, 'mean-wild').rows[0]).to.include({ accepted: 8, refused: 0 })
      expect(stored(out, 'mean-flipped').rows[0]).to.include({ accepted: 8, silent: 0 })
      expect(stored(out, 'mean-nan').sizes).to.have.length(6)
      expect(last['mean, wild']).to.be.below(0.25)
      expect(last['median, wild']).to.be.above(last['mean, wild'])
    })
  })

  it('gives a round up for which the rule has too few', async () => {
    const plan = digitsPlan({
      clients: 5,
      byzantine: { count: 2, attack: { name: 'nan' } },
      aggregation: { rule: { name: 'krum', byzantine: 1 } },
      rounds: 2
    })
    await inFolder(async (out) => {
      await run(plan, out)
      const { rows } = stored(out)
      expect(rows.map(({ lapsed, accepted }) => ({ lapsed, accepted }))).to.deep.equal([
        { lapsed: true, accepted: 3 },
        { lapsed: true, accepted: 3 }
      ])
      expect(rows[1].metrics).to.deep.equal(rows[0].metrics)
    })
  })

  it('takes data that is divided by its nature: together, pooled, or one alone', async () => {
    const clients = [
      { name: 'ann', path: 'demo:1' },
      { name: 'bob', path: 'demo:2' }
    ]
    const { clients: _count, ...plan } = digitsPlan({
      data: { clients },
      rounds: 1,
      grid: [{ together: {}, pooled: { data: { pooled: true } }, alone: { data: { only: ['bob'] } } }]
    })
    await inFolder(async (out) => {
      await run(plan, out)
      expect(stored(out, 'together').sizes).to.deep.equal([1200, 1200])
      expect(stored(out, 'pooled').sizes).to.deep.equal([2400])
      expect(stored(out, 'alone').sizes).to.deep.equal([1200])
      const { byClient, rows } = stored(out, 'alone')
      expect(byClient.map(({ name, metrics }) => [name, metrics['samples']])).to.deep.equal([
        ['ann', 2000],
        ['bob', 2000]
      ])
      expect(rows[0].metrics?.['samples']).to.equal(4000)
    })
  })

  it('tells what is wrong with its data by the loader’s own error', async () => {
    const error = await caught(run(digitsPlan({ data: { path: 'demo:x' } }), '/nowhere'))
    expect(error.name).to.equal('DataError')
    expect(error.message).to.include('demo:<seed>')
  })
})
