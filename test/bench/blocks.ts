/**
 * How fast blocks move: two processes on loopback, TCP + noise + yamux, every hash checked, memory stores on both
 * sides. Prints a line per block size and window, and one of JSON at the end.
 *
 * `node test/bench/blocks.ts [--mib 128] [--repeat 3] [--quick]`: `--quick` runs only the default block size.
 */
import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { MemoryBlockstore } from 'blockstore-core'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { blocks } from '../../protocols/blocks/index.ts'
import { DEFAULT_BLOCK_BYTES, writeDag } from '../../src/blocks/index.ts'
import { seededRandom } from '../../src/random.ts'
import type { BlocksInit, Blocks } from '../../protocols/blocks/index.ts'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { ChildProcess } from 'node:child_process'

const MIB = 1024 * 1024
const TINY_FETCHES = 300

interface Offer {
  address: string
  peerId: string
  roots: Array<{ blockSizeBytes: number; root: string }>
  tiny: string[]
}

interface Measured {
  blockSizeBytes: number
  windowBytes: number
  /** Median of the repeats. */
  megabytesPerSecond: number
  best: number
}

const { values: args } = parseArgs({
  options: {
    mib: { type: 'string', default: '128' },
    quick: { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '3' }
  }
})
const totalBytes = Number(args.mib) * MIB
const blockSizes = args.quick ? [DEFAULT_BLOCK_BYTES] : [64 * 1024, 256 * 1024, 512 * 1024, MIB]
const windows = args.quick ? [3 * MIB] : [1 * MIB, 3 * MIB]

async function node(init: BlocksInit): Promise<Libp2p<{ blocks: Blocks }>> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 2 * MIB } })],
    services: { blocks: blocks(init) }
  })
}

async function serve(): Promise<void> {
  const store = new MemoryBlockstore()
  const bytes = noiseBytes(totalBytes)
  const roots: Offer['roots'] = []
  for (const blockSizeBytes of blockSizes) {
    const { root } = await writeDag(store, bytes, { blockSizeBytes })
    roots.push({ blockSizeBytes, root: root.toString() })
  }
  const tiny: string[] = []
  for (let i = 0; i < TINY_FETCHES; i++) {
    tiny.push((await writeDag(store, bytes.subarray(i * 1024, i * 1024 + 1000))).root.toString())
  }
  const server = await node({ serve: store, store })
  const offer: Offer = {
    address: server.getMultiaddrs()[0]?.toString() ?? '',
    peerId: server.peerId.toString(),
    roots,
    tiny
  }
  process.once('disconnect', () => process.exit())
  process.send?.(offer)
}

function noiseBytes(length: number): Uint8Array {
  const random = seededRandom(7)
  return new Uint8Array(Uint32Array.from({ length: length / 4 }, random).buffer)
}

async function pull(offer: Offer, windowBytes: number): Promise<Measured[]> {
  const results: Measured[] = []
  for (const { blockSizeBytes, root } of offer.roots) {
    const runs: number[] = []
    for (let i = 0; i < Number(args.repeat); i++)
      runs.push(await pullOnce(offer, CID.parse(root), windowBytes))
    const measured = {
      blockSizeBytes,
      windowBytes,
      megabytesPerSecond: median(runs),
      best: Math.max(...runs)
    }
    results.push(measured)
    console.log(describe(measured))
  }
  return results
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

function describe({ blockSizeBytes, windowBytes, megabytesPerSecond, best }: Measured): string {
  const block = `${blockSizeBytes / 1024} KiB blocks`.padStart(15)
  return `${block}, window ${windowBytes / MIB} MiB: ${megabytesPerSecond.toFixed(0)} MB/s, best ${best.toFixed(0)}`
}

async function pullOnce(offer: Offer, root: CID, windowBytes: number): Promise<number> {
  const store = new MemoryBlockstore()
  const client = await node({ serve: store, store, windowBytes })
  const holder = await connect(client, offer)
  const start = performance.now()
  const dag = await client.services.blocks.fetchDag(root, { holders: [holder] })
  const seconds = (performance.now() - start) / 1000
  await client.stop()
  return dag.size / 1e6 / seconds
}

/** Mean time of fetching a payload of one small block: root and block, one after the other. */
async function tinyMs(offer: Offer): Promise<number> {
  const store = new MemoryBlockstore()
  const client = await node({ serve: store, store })
  const holder = await connect(client, offer)
  const [first, ...rest] = offer.tiny.map((cid) => CID.parse(cid))
  await client.services.blocks.fetchDag(first as CID, { holders: [holder] })
  const start = performance.now()
  for (const root of rest) await client.services.blocks.fetchDag(root, { holders: [holder] })
  const ms = (performance.now() - start) / rest.length
  await client.stop()
  return ms
}

async function connect(client: Libp2p, offer: Offer): Promise<PeerId> {
  await client.dial(multiaddr(offer.address))
  return peerIdFromString(offer.peerId)
}

async function offerOf(child: ChildProcess): Promise<Offer> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Offer))
    child.once('exit', (code) => reject(new Error(`the serving process ended with ${code}`)))
  })
}

async function main(): Promise<void> {
  const child = fork(new URL(import.meta.url), [...process.argv.slice(2), '--serve'])
  try {
    const offer = await offerOf(child)
    const results: Measured[] = []
    for (const windowBytes of windows) results.push(...(await pull(offer, windowBytes)))
    const tinyFetchMs = await tinyMs(offer)
    console.log(`payload of 1,000 bytes (root + 1 block): ${tinyFetchMs.toFixed(2)} ms`)
    const best = results.reduce((a, b) => (b.megabytesPerSecond > a.megabytesPerSecond ? b : a))
    const peakRssMb = process.resourceUsage().maxRSS / 1024
    console.log(JSON.stringify({ megabytes: totalBytes / 1e6, best, tinyFetchMs, peakRssMb, results }))
  } finally {
    child.disconnect()
  }
}

await (args.serve ? serve() : main())
