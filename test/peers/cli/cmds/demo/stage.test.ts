import { expect } from 'chai'
import { initialDemo } from '../../../../../peers/cli/cmds/demo/progress.ts'
import { startStage } from '../../../../../peers/cli/cmds/demo/stage.ts'
import { Murmur } from '../../helpers/murmur.ts'
import { cid, NOW } from '../../helpers/samples.ts'
import type { ChildEvent } from '../../../../../peers/cli/cmds/demo/child.ts'
import type { MurmurInit } from '../../helpers/murmur.ts'

const committed: ChildEvent = {
  event: 'commit',
  time: NOW,
  round: 1,
  cid: cid(1),
  evaluation: { accuracy: 0.1 },
  roundMs: 1500
}

/** Everything that happens in a demo, told to a stage. */
async function play(init: MurmurInit, json = false): Promise<Murmur> {
  const murmur = await Murmur.at(init)
  const options = { home: '/tmp/a', json, verbose: false }
  const stage = startStage(murmur.context, options, initialDemo('2 peers train together', 10, 2))
  stage.event(0, committed)
  stage.event(1, committed)
  stage.alone([0, 0])
  stage.aloneRound(1, 10)
  murmur.time.advance(100)
  stage.stop()
  return murmur
}

describe('the stage of the demo', () => {
  it('says a line per round in a pipe, and when the comparison begins', async () => {
    const { stdout } = await play({})
    expect(stdout.lines).to.deep.equal([
      '2 peers train together.',
      'round 1/10: accuracy before it 10.0 %, 1.5 s',
      'Now each peer alone, for comparison.'
    ])
  })

  it('draws in a terminal, and leaves it as it was', async () => {
    const { stdout, time } = await play({ stdout: { isTTY: true } })
    expect(stdout.text)
      .to.contain('2 peers train together')
      .and.to.match(/peer 2 +compared/)
    expect(stdout.text).to.match(/\u001b\[\?25h$/)
    expect([time.pending, stdout.listening]).to.deep.equal([0, 0])
  })

  it('passes on the events of all peers with --json, also in a terminal', async () => {
    for (const isTTY of [true, false]) {
      const { stdout } = await play({ stdout: { isTTY } }, true)
      expect(stdout.json).to.deep.equal([
        { ...committed, peer: 1 },
        { ...committed, peer: 2 }
      ])
    }
  })
})
