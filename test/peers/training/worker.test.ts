import { expect } from 'chai'
import { startTrainingWorker } from '../../../peers/node/training/index.ts'
import { openConnection } from '../../../peers/node/training/connection.ts'
import { digits } from './fixtures.ts'
import type { WorkerConnection } from '../../../peers/node/training/connection.ts'
import type { Trainer, TrainingProgress } from '../../../src/training/types.ts'

const data = { path: 'demo:1' }
const long = digits({ training: { work: { epochs: 1000 } } })

const caught = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('It did not reject')
    },
    (error: Error) => error
  )

/** Resolves with the first progress report of a training that never ends by itself. */
async function trainingLong(
  trainer: Trainer,
  signal?: AbortSignal
): Promise<{ ended: Promise<Error>; first: TrainingProgress }> {
  const weights = await trainer.initialWeights()
  let ended: Promise<Error> | undefined
  const first = await new Promise<TrainingProgress>((resolve) => {
    ended = caught(trainer.train({ weights, round: 1, seed: 1 }, { signal, onProgress: resolve }))
  })
  return { ended: ended as Promise<Error>, first }
}

describe('the training thread', () => {
  const trainers: Trainer[] = []
  const start = async (manifest = digits(), threads = 1): Promise<Trainer> => {
    const trainer = await startTrainingWorker({ manifest, data, threads })
    trainers.push(trainer)
    return trainer
  }
  afterEach(async () => {
    for (const trainer of trainers.splice(0)) await trainer.stop()
  })

  it('opens its data, trains and evaluates; the caller keeps its weights', async () => {
    const trainer = await start()
    expect(trainer.info).to.include({ backend: 'wasm', parameters: 784 * 16 + 16 + 170 })
    const weights = await trainer.initialWeights()
    const { delta, before, after, samples } = await trainer.train({ weights, round: 1, seed: 1 })
    expect(weights).to.have.length(trainer.info.parameters)
    expect(delta).to.have.length(trainer.info.parameters)
    expect(samples).to.equal(trainer.info.trainSamples)
    expect(after['loss']).to.be.below(before['loss'])
    const shared = new Float32Array(new SharedArrayBuffer(weights.byteLength))
    shared.set(weights)
    expect(await trainer.evaluate(shared)).to.deep.equal(before)
    expect(await trainer.evaluate(weights)).to.deep.equal(before)
  })

  it('gives the bits that another thread gives', async () => {
    const [one, two] = [await start(), await start()]
    const weights = await one.initialWeights()
    expect(await two.initialWeights()).to.deep.equal(weights)
    const job = { weights, round: 3, seed: 9 }
    const [first, second] = await Promise.all([one.train(job), two.train(job)])
    expect(second.delta).to.deep.equal(first.delta)
  })

  it('gives the same bits by two threads, and stops as soon', async () => {
    const architecture = { preset: 'mlp' as const, hidden: [700, 700] }
    const wide = digits({ model: { architecture }, training: { batchSize: 128, work: { epochs: 1 } } })
    const [one, two] = await Promise.all([start(wide), start(wide, 2)])
    expect([one.info.threads, two.info.threads]).to.deep.equal([1, 2])
    const job = { weights: await one.initialWeights(), round: 1, seed: 9 }
    const [first, second] = await Promise.all([one.train(job), two.train(job)])
    expect(second).to.deep.include({ delta: first.delta, after: first.after })
    const controller = new AbortController()
    const aborted = caught(
      two.train(job, { signal: controller.signal, onProgress: () => controller.abort() })
    )
    expect((await aborted).name).to.equal('AbortError')
    await two.stop()
  })

  it('reports progress, rejects within 200 ms of an abort, and goes on', async () => {
    const trainer = await start(long)
    const controller = new AbortController()
    const { ended, first } = await trainingLong(trainer, controller.signal)
    expect(first.steps).to.be.above(first.step)
    const reason = new Error('the round is over')
    const abortedAt = performance.now()
    controller.abort(reason)
    expect(await ended).to.equal(reason)
    expect(performance.now() - abortedAt).to.be.below(200)
    const metrics = await trainer.evaluate(await trainer.initialWeights())
    expect(metrics['samples']).to.equal(trainer.info.testSamples)
  })

  it('rejects calls under way when stopped, and all after', async () => {
    const trainer = await start(long)
    const { ended } = await trainingLong(trainer)
    await trainer.stop()
    expect(await ended).to.have.property('name', 'TrainerStoppedError')
    expect(await caught(trainer.initialWeights())).to.have.property('name', 'TrainerStoppedError')
  })

  it('tells errors of the thread by their own name and message', async () => {
    const trainer = await start()
    const short = await caught(trainer.evaluate(new Float32Array(2)))
    expect(short.name).to.equal('WeightsLengthError')
    expect(short.message).to.include('2 weights given')
    const absent = await caught(startTrainingWorker({ manifest: digits(), data: { path: '/nowhere' } }))
    expect(absent.name).to.equal('DataError')
    expect(absent.message).to.include('/nowhere')
    const hidden = [65_536, 65_536]
    const big = digits({ model: { architecture: { preset: 'mlp', hidden } } })
    expect(await caught(startTrainingWorker({ manifest: big, data }))).to.have.property(
      'name',
      'ModelTooLargeError'
    )
  })

  it('can be told to give up starting', async () => {
    const reason = new Error('never mind')
    const controller = new AbortController()
    const starting = caught(startTrainingWorker({ manifest: digits(), data, signal: controller.signal }))
    controller.abort(reason)
    expect(await starting).to.equal(reason)
  })
})

describe('a training thread that crashes', () => {
  it('rejects what was asked of it, says so, and is started again by the next call', async () => {
    const connections: WorkerConnection[] = []
    const open: typeof openConnection = async (...args) => {
      const connection = await openConnection(...args)
      connections.push(connection)
      return connection
    }
    const trainer = await startTrainingWorker({ manifest: long, data }, open)
    try {
      const { ended } = await trainingLong(trainer)
      // No such call: the thread's dispatch throws, and nothing there catches it.
      const nonsense = caught(connections[0].call('nonsense' as 'evaluate', { weights: new Float32Array() }))
      for (const error of await Promise.all([ended, nonsense])) {
        expect(error.name).to.equal('TrainingWorkerError')
        expect(error.message).to.match(
          /^The training thread ended: TypeError: .* The next call starts it again$/
        )
      }
      expect(await trainer.initialWeights()).to.have.length(trainer.info.parameters)
      expect(connections).to.have.length(2)
    } finally {
      await trainer.stop()
    }
  })
})
