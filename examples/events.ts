/** Listening: what a peer tells while it works. Every event and its detail has a type; see PeerEvents. */
import { manifestTemplate, parseManifestYaml } from '../peers/node/index.ts' // 'murmuration' in a project of your own
import { withFederation } from './federate.ts'
import type { Peer } from '../peers/node/index.ts'

const short = (peerId: string): string => `…${peerId.slice(-6)}`
const percent = (share: number | undefined): string => (share == null ? '–' : `${(100 * share).toFixed(1)} %`)

function listen(peer: Peer): void {
  peer.addEventListener('phase', ({ detail }) => {
    const why = detail.waitingFor == null ? '' : `, waits for ${detail.waitingFor}`
    console.log(`${detail.phase}${why}`)
  })
  peer.addEventListener('member:connect', ({ detail }) => console.log(`${short(detail.peerId)} is here`))
  peer.addEventListener('round:start', ({ detail }) => {
    console.log(`round ${detail.round} with ${detail.cohort.length} members`)
  })
  peer.addEventListener('training:end', ({ detail: { before, after, samples } }) => {
    const change = `${percent(before.accuracy)} → ${percent(after.accuracy)}`
    console.log(`  trained on ${samples} examples: ${change} on its own`)
  })
  peer.addEventListener('update:accepted', ({ detail }) => {
    console.log(`  update of ${short(detail.author)}: ${detail.samples} examples, ${detail.sizeBytes} bytes`)
  })
  peer.addEventListener('update:refused', ({ detail }) => {
    console.log(`  update of ${short(detail.author)} refused: ${detail.reason}`)
  })
  peer.addEventListener('commit', ({ detail: { round, cid, votes } }) => {
    if (round > 0) console.log(`  commit ${cid} with ${votes} votes`)
  })
  peer.addEventListener('finished', ({ detail }) => {
    console.log(`finished after ${detail.round} rounds: ${percent(detail.evaluation.accuracy)}`)
  })
  peer.addEventListener('error', ({ detail }) => console.error(detail.error.message))
}

const digits = parseManifestYaml(manifestTemplate('digits'))
const draft = { ...digits, rounds: { ...digits.rounds, stop: { rounds: 2 } } }
const members = ['demo:1', 'demo:2'].map((path) => ({ data: { path } }))
const onPeer = (peer: Peer, index: number): void => {
  if (index === 0) listen(peer)
}
await withFederation({ draft, members, onPeer }, async ([founder]) => {
  const finished = Promise.withResolvers<void>()
  founder.addEventListener('finished', () => finished.resolve())
  await finished.promise
})
