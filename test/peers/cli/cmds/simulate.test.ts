import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { inFolder } from '../../simulate/plans.ts'
import { Murmur } from '../helpers/murmur.ts'
import type { MurmurInit } from '../helpers/murmur.ts'
import type { SimulateInit, SimulationProgress } from '../../../../peers/simulate/index.ts'

const row = {
  round: 3,
  metrics: { accuracy: 0.5, samples: 10 },
  uploadedBytes: 1,
  downloadedBytes: 2,
  accepted: 3,
  refused: 0,
  silent: 0,
  lapsed: false,
  seconds: 1,
  evaluationSeconds: 1
}
const progress: SimulationProgress = {
  ...{ variant: 'krum', seed: 7, round: 3, rounds: 10, run: 0, runs: 2 },
  ...{ metric: 'accuracy', value: 0.5, row }
}
const done: SimulationProgress = { ...progress, run: 1, row: null }
const summary = {
  ...{ variant: 'krum', seeds: [7], metric: 'accuracy', last: 0.5, best: 0.5, lastTen: 0.5 },
  ...{ roundsToTarget: [null], medianRounds: null, uploadedBytes: 1, downloadedBytes: 1, seconds: 1 },
  roundsPerSecond: 1
}

/** A terminal in a folder with plan.yaml. */
function withPlan(
  use: (murmur: Murmur, folder: string) => Promise<void>,
  init: MurmurInit = {}
): Promise<void> {
  return inFolder(async (folder) => {
    writeFileSync(join(folder, 'plan.yaml'), 'name: test\n')
    const murmur = await Murmur.at({ ...init, cwd: folder })
    murmur.library.progress = [progress, done]
    murmur.library.simulation = {
      ...{
        out: join(folder, 'plan-results'),
        summaries: [summary],
        table: [
          ['variant', 'accuracy'],
          ['krum', '0.5000']
        ]
      }
    }
    await use(murmur, folder)
  })
}

describe('murmur simulate', () => {
  it('runs a plan with its own settings, and shows the summary', () =>
    withPlan(async (murmur, folder) => {
      expect(await murmur.run('simulate', 'plan.yaml')).to.equal(0)
      const [init] = murmur.library.called<SimulateInit>('simulate')
      expect(init).to.include({
        text: 'name: test\n',
        folder,
        out: join(folder, 'plan-results'),
        version: '1.2.3'
      })
      expect(init).to.not.have.any.keys('seeds', 'rounds', 'workers', 'only', 'dataFolder', 'backend')
      expect(murmur.stdout.text).to.match(/variant +accuracy[^]*krum +0\.5000/)
      expect(murmur.stdout.text).to.include(join(folder, 'plan-results'))
      expect(murmur.stderr.text).to.include(
        'krum, seed 7 · done after 3 rounds · accuracy 50.0 % · 1 of 2 runs'
      )
    }))

  it('takes settings in place of the plan’s', () =>
    withPlan(async (murmur, folder) => {
      const flags = [
        '--seeds',
        '1, 2',
        '--rounds',
        '9',
        '--workers',
        '3',
        '--only',
        'krum',
        '--out',
        'o',
        '--data',
        'd'
      ]
      expect(await murmur.run('simulate', 'plan.yaml', ...flags)).to.equal(0)
      const [init] = murmur.library.called<SimulateInit>('simulate')
      expect(init).to.deep.include({ seeds: [1, 2], rounds: 9, workers: 3, only: 'krum' })
      expect(init).to.include({ out: join(folder, 'o'), folder, dataFolder: join(folder, 'd') })
    }))

  it('tells each round and the result as JSON', () =>
    withPlan(async (murmur) => {
      await murmur.run('simulate', 'plan.yaml', '--json')
      const events = murmur.stdout.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      expect(events.map(({ event }) => event)).to.deep.equal(['round', 'run', 'result'])
      expect(events[0]).to.include({ variant: 'krum', seed: 7, round: 3, accepted: 3 })
      expect(events[2]['summaries']).to.deep.equal([summary])
      expect(murmur.stderr.text).to.equal('')
    }))

  it('draws a bar on a terminal, and takes it away', () =>
    withPlan(
      async (murmur) => {
        await murmur.run('simulate', 'plan.yaml')
        expect(murmur.stderr.text).to.match(/█+.*░.* krum, seed 7 · round 3 of 10 · accuracy 50\.0 %/)
        expect(murmur.stdout.text).to.not.include('█')
      },
      { stderr: { isTTY: true } }
    ))

  it('says what is wrong with the command line', () =>
    withPlan(async (murmur) => {
      expect(await murmur.run('simulate', 'absent.yaml')).to.equal(1)
      expect(murmur.stderr.text).to.include('absent.yaml does not exist')
      expect(await murmur.run('simulate', 'plan.yaml', '--seeds', '1,x')).to.equal(2)
      expect(murmur.stderr.text).to.include('--seeds: "x" was given')
    }))
})
