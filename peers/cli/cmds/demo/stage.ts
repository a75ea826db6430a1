/** Shows the demo while it runs: a live frame in a terminal, plain lines elsewhere, JSON events with --json. */
import { formatDuration, formatMetric } from '../../output/format.ts'
import { jsonLine } from '../../output/json.ts'
import { startLiveView } from '../../view/live.ts'
import { reduceDemo, renderDemo } from './progress.ts'
import type { CommandContext, GlobalOptions } from '../../context.ts'
import type { ChildEvent } from './child.ts'
import type { DemoState } from './progress.ts'

/** Where the demo tells what happens. */
export interface Stage {
  event: (index: number, event: ChildEvent) => void
  /** The stage of training alone begins: rounds done, per peer. */
  alone(rounds: number[]): void
  aloneRound(index: number, round: number): void
  stop(): void
}

/** Begin to show `initial`. */
export function startStage(context: CommandContext, options: GlobalOptions, initial: DemoState): Stage {
  let state = initial
  const { stdout, colors, every } = context
  const live = stdout.isTTY && !options.json
  const view = live
    ? startLiveView({ output: stdout, every, render: (size) => renderDemo(state, { ...size, colors }) })
    : null
  const say = (text: string): void => {
    if (!live && !options.json) stdout.write(`${text}\n`)
  }
  say(`${initial.title}.`)
  const event = (index: number, happened: ChildEvent): void => {
    const before = state
    state = reduceDemo(state, index, happened)
    if (options.json) stdout.write(jsonLine({ ...happened, peer: index + 1 }))
    if (state.round > before.round) say(roundText(state))
  }
  const alone = (rounds: number[]): void => {
    state = { ...state, alone: rounds }
    say('Now each peer alone, for comparison.')
  }
  const aloneRound = (index: number, round: number): void => {
    state = { ...state, alone: state.alone?.map((done, i) => (i === index ? round : done)) ?? null }
  }
  return { event, alone, aloneRound, stop: () => view?.stop() }
}

function roundText({ round, rounds, history, roundMs }: DemoState): string {
  const took = formatDuration(roundMs.at(-1) ?? 0)
  return `round ${round}/${rounds}: accuracy before it ${formatMetric('accuracy', history.at(-1))}, ${took}`
}
