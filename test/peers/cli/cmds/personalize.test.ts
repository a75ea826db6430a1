import { expect } from 'chai'
import { Murmur } from '../helpers/murmur.ts'
import type { Metrics } from '../../../../src/federation/records.ts'
import type { Trainer, TrainingJob } from '../../../../src/training/types.ts'

/** Epochs come to these accuracies, the first of the federation's model; each adds 1 to every weight. */
function trainer(accuracies: number[], jobs: TrainingJob[] = []): Trainer {
  const metrics = (epoch: number): Metrics => ({
    accuracy: accuracies[epoch],
    loss: 1 - accuracies[epoch],
    samples: 10
  })
  return {
    evaluate: async () => metrics(0),
    train: async (job: TrainingJob) => {
      jobs.push(job)
      return { delta: new Float32Array(job.weights.length).fill(1), after: metrics(jobs.length) }
    },
    stop: async () => {}
  } as unknown as Trainer
}

describe('murmur personalize', () => {
  const at = async (accuracies: number[], jobs: TrainingJob[] = []): Promise<Murmur> => {
    const murmur = await Murmur.at()
    murmur.library.trainer = trainer(accuracies, jobs)
    return murmur
  }

  it('trains the head on the data that is named, keeps the best epoch, and says how good it is', async () => {
    const jobs: TrainingJob[] = []
    const murmur = await at([0.5, 0.7, 0.9, 0.8], jobs)
    expect(await murmur.run('personalize', '--data', 'demo:1', '--epochs', '3')).to.equal(0)
    expect(jobs.map(({ layers }) => layers)).to.deep.equal(['head', 'head', 'head'])
    const [{ manifest, data }] = murmur.library.called<{ manifest: object; data: object }>('startTrainer')
    expect(data).to.deep.equal({ path: 'demo:1' })
    expect(manifest).to.have.nested.property('training.client.name', 'fedavg')
    const [{ model }] = murmur.library.called<{ model: { about: object } }>('savePersonal')
    expect(model.about).to.deep.include({ layers: 'head', epoch: '2', round: '3' })
    expect(murmur.stdout.text).to.match(/accuracy +50\.0 % +90\.0 %/)
    expect(murmur.stdout.text).to.match(/Saved, as it was after epoch 2: .*personal\.safetensors\n/)
    expect(murmur.stderr.text).to.include('epoch 3 of 3: accuracy 80.0 %')
  })

  it('saves nothing where no epoch is better, and says so', async () => {
    const murmur = await at([0.9, 0.7])
    expect(await murmur.run('personalize', '--data', 'demo:1', '--epochs', '1', '--json')).to.equal(0)
    expect(murmur.library.called('savePersonal')).to.deep.equal([])
    expect(murmur.stdout.json[0]).to.deep.include({ file: null, epoch: 0 })
  })

  it('asks for data where none is known', async () => {
    const murmur = await at([0.9, 0.7])
    expect(await murmur.run('personalize')).to.equal(2)
    expect(murmur.stderr.text).to.include('--data <path>')
  })

  it('makes what evaluate, predict and model export use when they are told to', async () => {
    const murmur = await at([0.5, 0.7])
    await murmur.run('personalize', '--data', 'demo:1', '--epochs', '1', '--layers', 'all')
    const weights = murmur.library.personal?.weights
    expect(await murmur.run('evaluate', '--data', 'demo:1', '--personal')).to.equal(0)
    expect(murmur.library.called<{ weights: unknown }>('evaluate')[0].weights).to.equal(weights)
    expect(await murmur.run('predict', '--input', 'seven.png', '--personal')).to.equal(0)
    expect(murmur.library.called<{ weights: unknown }>('predict')[0].weights).to.equal(weights)
    expect(await murmur.run('model', 'export', '--personal', '--json')).to.equal(0)
    const [exported] = murmur.library.called<{ weights: unknown; metadata: object }>('exportModel')
    expect(exported.weights).to.equal(weights)
    expect(exported.metadata).to.deep.include({ layers: 'all', epoch: '1' })
  })

  it('is told of where it is asked for and was not made', async () => {
    const murmur = await at([0.5, 0.7])
    expect(await murmur.run('evaluate', '--data', 'demo:1', '--personal')).to.not.equal(0)
    expect(murmur.stderr.text).to.include('no personal model')
  })
})
