/** How a run tells what happens: JSON lines, a live view, or plain lines. */
import { renderFrame } from '../view/render.ts'
import { initialView, reduceView } from '../view/state.ts'
import { startLiveView } from '../view/live.ts'
import { eventLine } from '../output/json.ts'
import { listen } from './events.ts'
import { eventText, listeningText, trafficText, trainingText } from './lines.ts'
import type { CommandContext, GlobalOptions } from '../context.ts'
import type { Peer } from '../../node/types.ts'

/** Started before the peer, so that no event is missed. `stop` tells the last state. */
export interface Reporter {
  /** The peer is on line: tell where it is reached. */
  listening(): void
  stop(): void
}

/** Choose by `--json` and whether stdout is a terminal; logs on the same screen would tear the live view. */
export function startReporter(context: CommandContext, peer: Peer, options: GlobalOptions): Reporter {
  if (options.json) return reportJson(context, peer)
  const logsOnScreen = options.logLevel != null && options.logFile == null && context.stderr.isTTY
  return context.stdout.isTTY && !logsOnScreen ? reportLive(context, peer) : reportPlain(context, peer)
}

/** `{event, time, …}` for every event; `start` first, `stop` with the last status at the end. */
function reportJson(context: CommandContext, peer: Peer): Reporter {
  const tell = (event: string, detail: Record<string, unknown>): void =>
    context.stdout.write(eventLine(event, context.now(), detail))
  const { peerId, federation, name, trainer } = peer.status()
  tell('start', { peerId, federation, name, backend: trainer?.backend ?? null })
  const unlisten = listen(peer, ({ event, detail }) => tell(event, { ...detail }))
  const listening = (): void => {
    const { metricsUrl } = peer
    tell('listen', { addresses: peer.addresses(), ...(metricsUrl == null ? {} : { metrics: metricsUrl }) })
  }
  const stop = (): void => {
    unlisten()
    tell('stop', { status: peer.status() })
  }
  return { listening, stop }
}

function reportPlain(context: CommandContext, peer: Peer): Reporter {
  const { peerId, name, trainer } = peer.status()
  context.stdout.write(`Peer ${peerId} in "${name}". Ctrl-C leaves.\n${trainingText({ trainer })}`)
  let waitedFor: string | null = null
  const unlisten = listen(peer, (event) => {
    if (event.event === 'phase') {
      const { waitingFor } = event.detail
      const isKnown = waitingFor != null && waitingFor === waitedFor
      waitedFor = waitingFor
      if (isKnown) return
    }
    const text = eventText(event, context.now())
    if (text != null) context.stdout.write(text)
  })
  const listening = (): void => {
    context.stdout.write(listeningText(peer.status()))
    if (peer.metricsUrl != null) context.stdout.write(`Metrics at ${peer.metricsUrl}\n`)
  }
  const stop = (): void => {
    unlisten()
    const { bytesIn, bytesOut } = peer.status()
    context.stdout.write(`${trafficText(bytesIn, bytesOut)}\n`)
  }
  return { listening, stop }
}

function reportLive(context: CommandContext, peer: Peer): Reporter {
  const { stdout, colors, every } = context
  let state = initialView(peer.status())
  const unlisten = listen(peer, (event) => {
    state = reduceView(state, event)
  })
  const render = (size: { columns: number; rows: number }): string => {
    state = { ...state, status: peer.status() }
    return renderFrame(state, { ...size, colors })
  }
  const view = startLiveView({ output: stdout, render, every })
  const stop = (): void => {
    unlisten()
    view.stop()
  }
  return { listening: () => undefined, stop }
}
