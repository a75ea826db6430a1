import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import pc from 'picocolors'
import { displayWidth } from '../../../../peers/cli/output/width.ts'
import { memberState } from '../../../../peers/cli/view/members.ts'
import { renderFrame } from '../../../../peers/cli/view/render.ts'
import { initialView, reduceView } from '../../../../peers/cli/view/state.ts'
import { ALICE, BOB, commit, event, member, status } from '../helpers/samples.ts'
import type { PeerEvent } from '../../../../peers/cli/run/events.ts'
import type { ViewState } from '../../../../peers/cli/view/state.ts'
import type { Phase, PeerStatus } from '../../../../peers/node/types.ts'

const colors = pc.createColors(true)
const plain = pc.createColors(false)

/** A view after some events. */
const viewOf = (other: Partial<PeerStatus> = {}, ...events: PeerEvent[]): ViewState =>
  events.reduce(reduceView, initialView(status(other)))

const commits = [1, 2, 3].map((round) => event('commit', commit(round)))
const many = Array.from({ length: 40 }, (_, i) => member(`12D3KooW${`${i}`.padStart(44, '0')}`))

/** What a person would call a full, an empty, and an awkward screen. */
const states: Record<string, ViewState> = {
  'a running federation': viewOf({}, ...commits, event('training:progress')),
  'a peer that has just started': viewOf({
    evaluation: null,
    ownEvaluation: null,
    trainer: null,
    roundMs: null,
    etaMs: null,
    members: [],
    phase: 'connecting'
  }),
  'large numbers and long names': viewOf(
    {
      name: 'A federation with a very long name, 漢字 and 👩‍👩‍👧, that goes on and on and on',
      round: 99_999,
      rounds: 100_000,
      evaluation: { accuracy: 1, loss: 123_456, auc: 1, mae: 98_765.4, rmse: 1e9, samples: 1e6 },
      bytesIn: 9e14,
      bytesOut: 9e14,
      etaMs: 9e9,
      waitingFor: null,
      phase: 'waiting'
    },
    ...Array.from({ length: 100 }, (_, i) =>
      event('commit', commit(i + 99_000, { admitted: [BOB], revoked: [BOB] }))
    ),
    event('error', { error: new Error('x'.repeat(300)) })
  ),
  'many members': viewOf({ members: many }, ...commits),
  'somebody to wait for': viewOf({ waitingFor: `${'more members '.repeat(20)}` })
}

const linesOf = (state: ViewState, columns: number, rows: number): string[] =>
  renderFrame(state, { columns, rows, colors }).split('\n')

const text = (state: ViewState, columns = 100, rows = 40): string =>
  renderFrame(state, { columns, rows, colors: plain })

describe('renderFrame', () => {
  for (const [name, state] of Object.entries(states)) {
    for (const columns of [20, 40, 80, 100, 120, 300]) {
      it(`fits ${name} into ${columns} columns`, () => {
        for (const line of linesOf(state, columns, 40))
          expect(displayWidth(line), line).to.be.at.most(columns)
      })
    }

    it(`fits ${name} into any terminal`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 60 }), (columns, rows) => {
          const lines = linesOf(state, columns, rows)
          expect(lines.length).to.be.at.most(rows - 1)
          expect(Math.max(...lines.map(displayWidth))).to.be.at.most(columns)
        }),
        { numRuns: 50 }
      )
    })
  }

  it('shows head and progress even where there is room for nothing else', () => {
    const lines = linesOf(states['many members'] as ViewState, 80, 6).map(stripVTControlCharacters)
    expect(lines[0]).to.match(/^Drawn digits/)
    expect(lines[2]).to.match(/^round 4\/10/)
  })

  it('says how far the federation is, and how good', () => {
    const frame = text(viewOf({}, ...commits))
    expect(frame).to.match(/round 4\/10 █+.*30 %  1m 26s left/)
    expect(frame).to.match(/accuracy +loss\n/)
    expect(frame).to.match(/global model +87\.3 % +0\.412 {3}▁▅█/)
    expect(frame).to.match(/on your data +90\.0 % +0\.350/)
    expect(frame).to.contain('in 1.2 MB · out 999 B · 12.3 s a round · 900 examples')
    expect(frame).to.contain('training on your data')
  })

  it('shows the step of the training, and counts it in the progress', () => {
    const frame = text(viewOf({}, event('training:progress', { step: 29, steps: 29, loss: 0.5 })))
    expect(frame).to.contain('training on your data: step 29/29, loss 0.500').and.to.contain('38 %')
  })

  it('never goes beyond the last round', () => {
    const frame = text(viewOf({ round: 10, phase: 'agreeing', etaMs: 5 }))
    expect(frame).to.contain('round 10/10').and.to.contain('100 %')
    expect(text(viewOf({ round: 10, phase: 'finished', etaMs: 5 }))).not.to.contain('left')
  })

  it('has words for every phase', () => {
    const phases: Phase[] = [
      'connecting',
      'catching-up',
      'waiting',
      'collecting',
      'agreeing',
      'finished',
      'stopped'
    ]
    const lines = phases.map((phase) => text(viewOf({ phase })).split('\n')[3])
    expect(new Set(lines).size).to.equal(phases.length)
    expect(lines).not.to.include('')
  })

  it('says what is waited for before anything else', () => {
    const waiting = viewOf({ waitingFor: '1 more member: 1 of 2 are here' }, event('training:progress'))
    expect(text(waiting)).to.contain('\n1 more member: 1 of 2 are here\n')
  })

  it('lists the latest commits, newest first, with what was refused and who came', () => {
    const joined = event('commit', commit(4, { admitted: [BOB], revoked: [BOB, ALICE] }))
    const frame = text(viewOf({}, ...commits, joined), 110)
    expect(frame).to.match(/round 4 .*\n.*round 3 .*\n.*round 2 /)
    expect(frame).to.contain('2 updates (1 refused)').and.to.contain('1 joined  2 revoked')
  })

  it('tells of a commit between rounds only who came and went', () => {
    const joined = event('commit', commit(4, { contributions: [], admitted: [BOB] }))
    expect(text(viewOf({}, joined), 110))
      .to.match(/ 1 joined {2}commit …\w{8}/)
      .and.not.to.match(/ 0 updates/)
  })

  it('lets no name steer the terminal', () => {
    const hostile = viewOf({ name: 'a\u001b[2Jb', waitingFor: 'c\u0007\nd' })
    expect(text(hostile)).not.to.match(/[\u001b\u0007]/)
    expect(text(hostile)).to.contain('c  d')
  })

  it('says how to leave, and that leaving loses nothing', () => {
    expect(text(viewOf())).to.match(/\nCtrl-C leaves; start again to go on$/)
    expect(text(viewOf({ phase: 'finished' }))).to.match(/\nCtrl-C ends this peer$/)
  })
})

describe('the member list', () => {
  it('puts this peer first and those who do not count last', () => {
    const members = [member(BOB, { inRoster: false }), member(`${BOB}2`), member(ALICE, { self: true })]
    const shown = text(viewOf({ members }))
      .split('\n')
      .flatMap((line) => /^● (\w+)/.exec(line)?.[1] ?? [])
    expect(shown).to.deep.equal(['here', 'connected', 'joining'])
  })

  it('shows them side by side where there is room, and says how many it leaves out', () => {
    const members = many
    const wide = text(viewOf({ members }), 110, 60)
    expect(wide.split('\n').filter((line) => line.startsWith('●'))).to.have.length(20)
    const low = text(viewOf({ members }), 80, 24)
    const shown = low.split('\n').filter((line) => line.startsWith('●')).length
    expect(low)
      .to.contain('40 members, 40 connected')
      .and.to.contain(`… and ${40 - shown} more`)
    expect(shown).to.be.above(2)
  })

  it('has a word for every state of a member', () => {
    const states = [
      member(ALICE, { self: true }),
      member(ALICE, { self: true, updated: true }),
      member(BOB),
      member(BOB, { updated: true }),
      member(BOB, { inRoster: false }),
      member(BOB, { connected: false }),
      member(BOB, { connected: false, inRoster: false })
    ].map(memberState)
    expect(states).to.deep.equal(['here', 'done', 'connected', 'done', 'joining', 'away', 'left'])
  })
})
