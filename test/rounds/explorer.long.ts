import { expect } from 'chai'
import { Explorer } from './explorer.ts'
import type { ExploreOptions } from './explorer.ts'

const configurations: ExploreOptions[] = [
  { peers: 4, faultModel: 'crash' },
  { peers: 4, faultModel: 'byzantine' },
  { peers: 4, faultModel: 'byzantine', liars: ['a'] },
  { peers: 4, faultModel: 'byzantine', liars: ['b'] },
  { peers: 4, faultModel: 'byzantine', liars: ['d'] }
]

describe('every interleaving of a larger configuration keeps machines of one mind', () => {
  for (const options of configurations) {
    it(JSON.stringify(options), function () {
      const explored = new Explorer(options).run()
      expect(explored.disagreement).to.equal(null)
      expect(explored.decided).not.to.have.length(0)
      this.test!.title += `: ${explored.nodes} nodes, ${explored.states} states`
    }).timeout(1_800_000)
  }
})
