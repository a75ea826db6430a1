import { expect } from 'chai'
import { peerEventNames } from '../../../../peers/cli/run/events.ts'
import { initialView, reduceView } from '../../../../peers/cli/view/state.ts'
import { commit, event, sampleEvents, status } from '../helpers/samples.ts'
import type { PeerEvent } from '../../../../peers/cli/run/events.ts'
import type { ViewState } from '../../../../peers/cli/view/state.ts'

const after = (...events: PeerEvent[]): ViewState => events.reduce(reduceView, initialView(status()))

describe('reduceView', () => {
  it('follows training until it ends', () => {
    const training = after(event('training:progress', { step: 7, steps: 29 }))
    expect(training.training).to.deep.equal({ round: 4, step: 7, steps: 29, loss: 0.4567 })
    expect(reduceView(training, event('training:end')).training).to.equal(null)
    expect(reduceView(training, event('commit')).training).to.equal(null)
  })

  it('keeps the five latest commits, newest first, and the accuracy of all', () => {
    const { commits, history } = after(
      ...[1, 2, 3, 4, 5, 6, 7].map((round) => event('commit', commit(round)))
    )
    expect(commits.map(({ round }) => round)).to.deep.equal([7, 6, 5, 4, 3])
    expect(history).to.deep.equal([0.51, 0.52, 0.53, 0.54, 0.55, 0.56, 0.57])
  })

  it('draws the loss of a federation that has no accuracy, and nothing of a commit that has neither', () => {
    const { history } = after(
      event('commit', { evaluation: { loss: 2, samples: 10 } }),
      event('commit', { evaluation: {} })
    )
    expect(history).to.deep.equal([2])
  })

  it('keeps no more history than a screen can show', () => {
    const { history } = after(...Array.from({ length: 200 }, (_, i) => event('commit', commit(i + 1))))
    expect(history).to.have.length(64)
  })

  it('notes what a person should know, until something newer comes', () => {
    expect(after(event('update:refused')).notice).to.equal('An update was refused (norm).')
    expect(after(event('update:refused'), event('member:refused')).notice).to.match(
      /^Somebody was turned away: /
    )
    expect(after(event('member:refused', { local: false })).notice).to.match(
      /^A member turned this peer away: /
    )
    expect(after(event('error'), event('member:connect')).notice).to.equal(
      'The disk is full: free some space'
    )
  })

  it('changes nothing it was given', () => {
    const state = Object.freeze(after(event('commit')))
    Object.freeze(state.commits)
    Object.freeze(state.history)
    for (const name of peerEventNames) reduceView(state, event(name, sampleEvents[name]))
    expect(state.commits).to.have.length(1)
  })
})
