/** A federation of three peers in one process: founding, inviting, joining, training, and one model in the end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// In a project of your own: from 'murmuration'.
import {
  createPeer,
  foundFederation,
  joinFederation,
  manifestTemplate,
  parseManifestYaml
} from '../peers/node/index.ts'

const directory = await mkdtemp(join(tmpdir(), 'murmur-example-'))
const homes = ['ada', 'ben', 'cleo'].map((name) => join(directory, name))
const local = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }

// The manifest fixes what is trained and by which rules. This one reads drawn digits, which need no download.
const digits = parseManifestYaml(manifestTemplate('digits'))
const draft = { ...digits, rounds: { ...digits.rounds, startMembers: homes.length, stop: { rounds: 3 } } }
await foundFederation({ home: homes[0], draft, now: Date.now() })
const founder = await createPeer({ home: homes[0], data: { path: 'demo:1' }, ...local })
const peers = [founder]
try {
  await founder.start()
  const invite = await founder.invite({ maxUses: homes.length - 1 })
  for (const [i, home] of homes.slice(1).entries()) {
    await joinFederation({ invite, home })
    peers.push(await createPeer({ home, data: { path: `demo:${i + 2}` }, ...local }))
  }
  await Promise.all(peers.map((peer) => peer.start()))
  const commits = await Promise.all(peers.map((peer) => peer.waitForRound()))
  for (const { round, cid } of commits) console.log(`round ${round}: ${cid}`)
  const { accuracy } = commits[0].evaluation
  console.log(`accuracy before the last round: ${(100 * accuracy).toFixed(1)} %`)
} finally {
  await Promise.all(peers.map((peer) => peer.stop()))
  await rm(directory, { recursive: true })
}
