/** What the other examples share: a federation in this process, in a temporary directory. federation.ts has it step by step. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPeer, foundFederation, joinFederation } from '../peers/node/index.ts'
import type { ManifestDraft, Peer, PeerInit } from '../peers/node/index.ts'

/** A federation to be: its manifest, and what each peer brings. The first peer founds, the others join. */
export interface Federation {
  draft: ManifestDraft
  members: Pick<PeerInit, 'data' | 'trainer'>[]
  /** Called with each peer before it starts, so that no event is missed. */
  onPeer?(peer: Peer, index: number): void
}

/** A directory that is there while `use` runs. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'murmur-example-'))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Start the federation, hand its peers over, stop them. */
export async function withFederation(
  { draft, members, onPeer }: Federation,
  use: (peers: Peer[]) => Promise<void>
): Promise<void> {
  await withDirectory(async (directory) => {
    const peers: Peer[] = []
    try {
      for (const [i, member] of members.entries()) {
        const home = join(directory, `peer-${i + 1}`)
        if (i === 0) await foundFederation({ home, draft, now: Date.now() })
        else await joinFederation({ home, invite: await peers[0].invite() })
        const peer = await createPeer({ home, ...member, listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false })
        peers.push(peer)
        onPeer?.(peer, i)
        await peer.start()
      }
      await use(peers)
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()))
    }
  })
}
