/** Plain output when nobody watches a terminal: one line for each event worth a line. */
import {
  formatBytes,
  formatDuration,
  formatEngine,
  formatMetric,
  formatTime,
  plural,
  shortId
} from '../output/format.ts'
import { printable } from '../output/width.ts'
import { commitParts } from '../view/commits.ts'
import type { PeerEvent } from './events.ts'
import type { PeerStatus } from '../../node/types.ts'

/** The line for an event, with its time in front; null for events that would only make noise. */
export function eventText(event: PeerEvent, time: number): string | null {
  const text = describe(event)
  return text == null ? null : `${formatTime(time)}  ${printable(text)}\n`
}

function describe(event: PeerEvent): string | null {
  switch (event.event) {
    case 'phase': {
      const { phase, waitingFor } = event.detail
      return waitingFor != null
        ? `Waiting for ${waitingFor}.`
        : phase === 'catching-up'
          ? 'Catching up with the ledger.'
          : null
    }
    case 'round:start':
      return `Round ${event.detail.round} starts with ${plural(event.detail.cohort.length, 'member')}.`
    case 'training:end': {
      const { round, samples, trainingMs, before, after } = event.detail
      const trained = `Trained round ${round} on ${plural(samples, 'example')} in ${formatDuration(trainingMs)}`
      return `${trained}: ${change('accuracy', before, after)}${change('loss', before, after)}`.replace(
        /[,:] *$/,
        '.'
      )
    }
    case 'update:refused':
      return `Refused the update of ${shortId(event.detail.author)}: ${event.detail.reason}.`
    case 'commit':
      return `${commitParts(event.detail).join(', ')}.`
    case 'member:connect':
      return `${shortId(event.detail.peerId)} connected.`
    case 'member:disconnect':
      return `${shortId(event.detail.peerId)} disconnected.`
    case 'member:refused':
      return event.detail.local
        ? `Turned away ${shortId(event.detail.peerId)}: ${event.detail.message}`
        : `${shortId(event.detail.peerId)} turned this peer away: ${event.detail.message}`
    case 'finished': {
      const { round, commit, evaluation } = event.detail
      const { accuracy } = evaluation
      const reached = accuracy == null ? '' : `, accuracy ${formatMetric('accuracy', accuracy)}`
      return `Finished after ${plural(round, 'round')}${reached}, commit ${commit}. Use the model: murmur evaluate, predict, model export.`
    }
    case 'block:damaged': {
      const { cid, reason, healed } = event.detail
      const next = healed ? 'it was written anew' : 'it is fetched from other members when it is needed'
      return `Block ${shortId(cid)} on disk is damaged (${reason}): ${next}.`
    }
    case 'error':
      return `Problem: ${event.detail.error.message}`
    case 'training:progress':
    case 'update:accepted':
    case 'view:change':
      return null
  }
}

function change(name: string, before: Record<string, number>, after: Record<string, number>): string {
  if (after[name] == null) return ''
  return `${name} ${formatMetric(name, before[name])} → ${formatMetric(name, after[name])}, `
}

/** Where others reach this peer, and how those who may invite do so. */
export function listeningText({ addresses, members }: Pick<PeerStatus, 'addresses' | 'members'>): string {
  const mayInvite = members.some(({ self, role }) => self && role !== 'member')
  const next = mayInvite ? ' To invite others: murmur invite, in another terminal.' : ''
  return `Listens on ${addresses.join(', ') || 'no address'}.${next}\n`
}

/** What this peer trains on, and which engine computes; nothing where it does not train. */
export function trainingText({ trainer }: Pick<PeerStatus, 'trainer'>): string {
  if (trainer == null) return ''
  return `Trains on ${plural(trainer.trainSamples, 'example')} with ${formatEngine(trainer)}.\n`
}

/** The last line of a run: what was sent and received. */
export function trafficText(bytesIn: number, bytesOut: number): string {
  return `Received ${formatBytes(bytesIn)}, sent ${formatBytes(bytesOut)}.`
}
