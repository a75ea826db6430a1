import { expect } from 'chai'
import pc from 'picocolors'
import { initialDemo, reduceDemo, renderDemo } from '../../../../../peers/cli/cmds/demo/progress.ts'
import { displayWidth } from '../../../../../peers/cli/output/width.ts'
import { cid, NOW } from '../../helpers/samples.ts'
import type { ChildEvent } from '../../../../../peers/cli/cmds/demo/child.ts'
import type { DemoState } from '../../../../../peers/cli/cmds/demo/progress.ts'

const initial = initialDemo('2 peers train together on drawn digits', 10, 2)
const child = (event: string, detail: object = {}): ChildEvent => ({ event, time: NOW, ...detail })
const committed = (round: number): ChildEvent =>
  child('commit', { round, cid: cid(round), evaluation: { accuracy: round / 10 }, roundMs: 1000 * round })

/** Events as [index of the peer, event]. */
const after = (...events: [number, ChildEvent][]): DemoState =>
  events.reduce((state, [index, event]) => reduceDemo(state, index, event), initial)

describe('reduceDemo', () => {
  it('follows the phase and the training of each peer by itself', () => {
    const { peers } = after(
      [0, child('phase', { phase: 'training' })],
      [0, child('training:progress', { step: 7, steps: 29 })],
      [1, child('phase', { phase: 'connecting' })]
    )
    expect(peers).to.deep.equal([
      { name: 'peer 1', phase: 'training', step: 7, steps: 29 },
      { name: 'peer 2', phase: 'connecting', step: 0, steps: 0 }
    ])
  })

  it('counts a round once, whichever peer commits it first', () => {
    const state = after([1, committed(1)], [0, committed(1)], [0, committed(2)], [1, committed(2)])
    expect(state.round).to.equal(2)
    expect(state.history).to.deep.equal([0.1, 0.2])
    expect(state.roundMs).to.deep.equal([1000, 2000])
  })

  it('draws no accuracy that a commit does not state', () => {
    expect(after([0, child('commit', { round: 1, evaluation: null })]).history).to.deep.equal([])
    expect(after([0, child('commit', { round: 1, evaluation: { accuracy: 'NaN' } })]).history).to.deep.equal(
      []
    )
  })

  it('knows when a peer has finished, and leaves alone what it does not know', () => {
    expect(after([1, child('finished')]).peers[1]?.phase).to.equal('finished')
    expect(after([1, child('something:new')])).to.equal(initial)
  })
})

describe('renderDemo', () => {
  const states: Record<string, DemoState> = {
    'the beginning': initial,
    'the middle': after([0, child('phase', { phase: 'training' })], [0, committed(1)], [0, committed(2)]),
    'many rounds': {
      ...initial,
      round: 1000,
      rounds: 1000,
      history: Array.from({ length: 1000 }, (_, i) => i),
      roundMs: [1]
    },
    'the comparison': { ...initial, alone: [3, 10] },
    'a long title and sixteen peers': initialDemo('x'.repeat(300), 10, 16)
  }
  for (const [name, state] of Object.entries(states)) {
    for (const columns of [20, 40, 80, 120]) {
      it(`fits ${name} into ${columns} columns and 12 rows`, () => {
        const lines = renderDemo(state, { columns, rows: 12, colors: pc.createColors(true) }).split('\n')
        expect(lines.length).to.be.at.most(11)
        for (const line of lines) expect(displayWidth(line), line).to.be.at.most(columns)
      })
    }
  }

  const text = (state: DemoState): string =>
    renderDemo(state, { columns: 80, rows: 24, colors: pc.createColors(false) })

  it('shows how far all are, and each peer', () => {
    const frame = text(states['the middle'] as DemoState)
    expect(frame).to.match(
      /^2 peers train together on drawn digits\n\nround 2\/10 +█+.*accuracy 20\.0 % ▁█\n/
    )
    expect(frame).to.match(/peer 1 +training +░/)
    expect(frame).to.match(/peer 2 +starting +░/)
    expect(frame).to.match(/\n1\.5 s a round$/)
  })

  it('shows the training alone', () => {
    expect(text(states['the comparison'] as DemoState)).to.match(
      /peer 1 +training alone +█+.*░\npeer 2 +compared +█+$/
    )
  })
})
