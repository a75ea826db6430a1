import { expect } from 'chai'
import { commitParts } from '../../../../peers/cli/view/commits.ts'
import { ALICE, commit } from '../helpers/samples.ts'

describe('a commit in one line', () => {
  it('says when the update of the member that is trusted is not among those it counts', () => {
    const parts = commitParts(commit(4, { lackedRoot: ALICE }))
    expect(parts).to.include(`none by …${ALICE.slice(-8)}, who is trusted: nothing learnt`)
    expect(commitParts(commit(4)).join(', ')).to.not.include('trusted')
  })
})
