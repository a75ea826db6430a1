import { expect } from 'chai'
import { shared, sharedDataset, sharedIndices, shareExamples } from '../../../peers/simulate/data/shared.ts'
import { ExamplesView } from '../../../peers/simulate/worker/view.ts'
import { openPool } from '../../../peers/simulate/worker/pool.ts'
import { exchangeSchema } from '../../../src/federation/manifest/exchange.ts'
import { failure } from '../../helpers/failure.ts'
import { readRows } from '../../data/helpers.ts'
import { blobs, manifestOf } from '../../training/fixtures.ts'
import type { TrainJob, WorkerInit } from '../../../peers/simulate/worker/messages.ts'

const exchange = exchangeSchema.parse({})
const manifest = {
  ...manifestOf({ architecture: { preset: 'logistic' }, training: { batchSize: 2 } }),
  exchange
}
const PARAMETERS = 4 * 3 + 3

async function initOf(more: Partial<WorkerInit> = {}): Promise<WorkerInit> {
  const train = await shareExamples([blobs({ shape: [4], classes: 3, size: 30 })], 'blobs')
  return { manifest, train, test: train, weights: shared(PARAMETERS), backend: 'cpu', ...more }
}

const job: TrainJob = {
  kind: 'train',
  indices: sharedIndices([1, 2, 3, 4, 5]),
  round: 1,
  seed: 7,
  noise: { deviation: 0, seed: 0 },
  attack: null,
  roundSeed: new Uint8Array(32),
  residual: null,
  control: null,
  local: null,
  momentum: null
}

describe('the threads of a simulation', () => {
  it('do more jobs than they are, each as the others would', async () => {
    const pool = await openPool(await initOf(), 2)
    try {
      expect(pool.backend).to.equal('cpu')
      const trained = await Promise.all([job, { ...job, seed: 8 }, job, job].map((one) => pool.train(one)))
      const payloads = trained.map((one) => one && [...one.payload])
      expect(payloads[0]).to.have.length(4 * PARAMETERS)
      expect(payloads[2]).to.deep.equal(payloads[0])
      expect(payloads[3]).to.deep.equal(payloads[0])
      expect(payloads[1]).to.not.deep.equal(payloads[0])
      expect(trained[0]).to.include({ samples: 5, residual: null })
      expect((await pool.evaluate({ kind: 'evaluate', from: 10, to: 30 }))['samples']).to.equal(20)
    } finally {
      await pool.close()
    }
  })

  it('send nothing for a client whose training diverges', async () => {
    const wild = { ...manifest, training: { ...manifest.training, learningRate: 1e40 } }
    const pool = await openPool(await initOf({ manifest: wild }), 1)
    try {
      expect(await pool.train(job)).to.equal(null)
    } finally {
      await pool.close()
    }
  })

  it('end all jobs when they are stopped, or one of them fails', async () => {
    const pool = await openPool(await initOf(), 1)
    const jobs = [pool.train(job), pool.train(job)]
    const ends = jobs.map((one) => failure(one, Error))
    await pool.close()
    for (const end of ends) expect((await end).name).to.equal('SimulationThreadError')
    expect((await failure(pool.train(job), Error)).message).to.include('was stopped')
    const broken = await openPool(await initOf({ weights: shared(1) }), 1)
    try {
      expect((await failure(broken.train(job), Error)).name).to.equal('WeightsLengthError')
    } finally {
      await broken.close()
    }
  })

  it('tell why they do not start', async () => {
    const other = { ...manifestOf({ architecture: { preset: 'cnn' } }), exchange }
    const error = await failure(openPool(await initOf({ manifest: other }), 1), Error)
    expect(error.name).to.equal('ModelMismatchError')
  })

  it('do not start for one who has gone', async () => {
    const gone = AbortSignal.abort(new Error('gone'))
    expect((await failure(openPool(await initOf(), 1, gone), Error)).message).to.equal('gone')
  })
})

describe('the view of a client’s examples', () => {
  it('shows those that it is told to, with noise and other labels', async () => {
    const all = sharedDataset(await shareExamples([blobs({ shape: [4], classes: 3, size: 30 })], 'blobs'))
    const { rows } = await readRows(all)
    const view = new ExamplesView(all)
    expect(view).to.include({ size: 0, shape: all.shape })
    view.show(Uint32Array.of(5, 2))
    expect(await readRows(view)).to.deep.equal({ rows: [rows[5], rows[2]], targets: [2, 2] })
    view.show(Uint32Array.of(0), { noise: { deviation: 1, seed: 1 }, relabel: (label) => 2 - label })
    const noisy = await readRows(view)
    expect(noisy.targets).to.deep.equal([2])
    expect(noisy.rows[0]).to.not.deep.equal(rows[0])
    expect((await readRows(all)).rows).to.deep.equal(rows)
  })
})
