import { expect } from 'chai'
import { FRAME_MS, startLiveView } from '../../../../peers/cli/view/live.ts'
import { FakeOutput, FakeTime } from '../helpers/terminal.ts'

const HIDE = '\u001b[?25l'
const SHOW = '\u001b[?25h'

function start(): {
  output: FakeOutput
  time: FakeTime
  frame: { text: string }
  stop(): void
  draw(): void
} {
  const output = new FakeOutput({ isTTY: true, columns: 80, rows: 24 })
  const time = new FakeTime(0)
  const frame = { text: 'first' }
  const view = startLiveView({
    output,
    render: ({ columns, rows }) => `${frame.text} at ${columns}x${rows}`,
    every: (everyMs, tick) => time.every(everyMs, tick)
  })
  return { output, time, frame, ...view }
}

describe('the live view', () => {
  it('hides the cursor and draws at once', () => {
    const { output } = start()
    expect(output.text.startsWith(HIDE)).to.equal(true)
    expect(output.text).to.contain('first at 80x24')
  })

  it('draws again at its own pace, and writes only what changed', () => {
    const { output, time, frame } = start()
    output.text = ''
    time.advance(5 * FRAME_MS)
    expect(output.text).to.equal('')
    frame.text = 'second'
    time.advance(FRAME_MS - 1)
    expect(output.text).to.equal('')
    time.advance(1)
    expect(output.text).to.contain('second at 80x24')
  })

  it('draws for the new size as soon as the window changes', () => {
    const { output } = start()
    output.text = ''
    output.resize(40, 10)
    expect(output.text).to.contain('first at 40x10')
  })

  it('leaves the last state on the screen, the cursor visible, and nothing behind', () => {
    const { output, time, frame, stop } = start()
    frame.text = 'last'
    stop()
    expect(output.text).to.contain('last at 80x24')
    expect(output.text.endsWith(SHOW)).to.equal(true)
    expect([time.pending, output.listening]).to.deep.equal([0, 0])
  })

  it('stops once, however often it is told to', () => {
    const { output, stop } = start()
    stop()
    const { text } = output
    stop()
    expect(output.text).to.equal(text)
  })
})
