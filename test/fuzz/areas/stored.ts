/** What disks give back: blocks of src/blocks, vectors of src/codecs, the ledger and votes of src/state, the home directory. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { Voter } from '../../../peers/engine/height/voter.ts'
import {
  DamagedHomeError,
  foundFederation,
  NoFederationError,
  WrongPassphraseError
} from '../../../peers/node/home/index.ts'
import { readDag, readFloats, writeDag } from '../../../src/blocks/index.ts'
import { BlockMissingError, DagSizeError } from '../../../src/blocks/errors.ts'
import { PayloadLengthError, VectorRangeError } from '../../../src/codecs/index.ts'
import { fp32 } from '../../../src/codecs/fp32.ts'
import { cidOf, encode, InvalidRecordError } from '../../../src/federation/cbor.ts'
import { proposalType } from '../../../src/federation/records.ts'
import { InvalidSignatureError, seal } from '../../../src/federation/signed.ts'
import { parseManifestYaml } from '../../../src/federation/manifest/index.ts'
import { Ledger, LedgerCorruptError, memoryStore, VoteLog } from '../../../src/state/index.ts'
import { hostileCbor } from '../arbitraries.ts'
import { hostileJson } from '../json.ts'
import { memorySink } from '../memory-blocks.ts'
import { damaged } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import { commit, federation, founder, proposal, templates } from '../samples.ts'
import type { Home } from '../../../peers/node/home/index.ts'
import type { FuzzArea } from '../property.ts'

const sizeBytes = 40_000
const sink = memorySink()
const dag = await writeDag(sink, new Uint8Array(sizeBytes).fill(5), { blockSizeBytes: 16 * 1024 })
const rootKey = dag.root.toString()
const root = sink.blocks.get(rootKey) as Uint8Array
const others = [...sink.blocks].filter(([key]) => key !== rootKey)
const lengths = fc.constantFrom(0, 1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 7232)

/** A root that says anything over blocks of any length: never more memory than the caller allows. */
const dags = fuzzed('DAGs', fc.tuple(hostileCbor([root]), fc.array(lengths, { maxLength: 3 })), {
  shares: 2,
  judge: async ([bytes, sizes]) => {
    const store = memorySink()
    for (const [i, [key, block]] of others.entries()) {
      store.blocks.set(key, sizes[i] == null ? block : new Uint8Array(sizes[i]))
    }
    store.blocks.set(rootKey, bytes)
    const errors = [InvalidRecordError, BlockMissingError, DagSizeError]
    await refusedOrUnderstood({
      errors,
      run: () => readDag(store, dag.root, { maxBytes: 50_000 }),
      accepted: (read) => void expect(read.byteLength).to.be.at.most(50_000)
    })
    await refusedOrUnderstood({ errors, run: () => readFloats(store, dag.root, 10_000) })
  }
})

const wholes = fc.oneof(fc.nat(40), fc.constantFrom(-1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 31))
const vectors = fuzzed('vectors', fc.tuple(wholes, wholes, fc.option(fc.nat(200))), {
  judge: async ([start, count, gives]) => {
    const read = fp32.decode(async (_, length) => new Uint8Array(gives ?? length), 32)
    await refusedOrUnderstood({
      errors: [VectorRangeError, PayloadLengthError],
      run: () => read(start, count),
      accepted: (values) => void expect(values).to.have.length(count)
    })
  }
})

const commitBytes = encode(commit)
const commitCid = await cidOf(encode(commit.body))
const entries = [encode({ cid: commitCid, bytes: commitBytes }), encode(1)]

const ledgers = fuzzed('ledger entries', fc.tuple(hostileCbor(entries), hostileCbor([encode(1)])), {
  shares: 2,
  judge: async ([entry, height]) => {
    const store = memoryStore()
    await store.write([
      { key: `ledger/commit/${'1'.padStart(16, '0')}`, value: entry },
      { key: `ledger/cid/${federation}`, value: height }
    ])
    const ledger = new Ledger(store)
    const next = { height: 2, cid: commitCid, bytes: commitBytes }
    for (const run of [() => ledger.head(), () => ledger.byCid(federation), () => ledger.append(next)]) {
      await refusedOrUnderstood<unknown>({ errors: [LedgerCorruptError], run })
    }
  }
})

const sealedProposal = await seal(proposalType, proposal, founder.key)
const bodyCid = await cidOf(encode(proposal.body))
const said = [
  encode({
    view: 2,
    locked: { body: bodyCid, view: 1 },
    valid: { body: bodyCid, view: 1 },
    votes: [
      { view: 1, kind: 'prevote', body: bodyCid },
      { view: 2, kind: 'precommit', body: null }
    ],
    proposals: [sealedProposal.bytes]
  })
]

/** Whoever cannot read what it said before must not speak: the reader has to fail, not to guess. */
const votes = fuzzed('vote records', hostileCbor(said), {
  shares: 2,
  judge: async (bytes) => {
    const log = new VoteLog(memoryStore())
    await log.put(1, bytes)
    const voter = new Voter({ federation, height: 1, key: founder.key, log })
    await refusedOrUnderstood({
      errors: [InvalidRecordError, InvalidSignatureError],
      run: () => voter.resume(),
      accepted: async (resumed) => {
        for (const body of [resumed?.locked?.body, resumed?.valid?.body]) if (body != null) CID.parse(body)
        if ((resumed?.votes.length ?? 0) < 10) await voter.repeat()
      }
    })
  }
})

let folder = ''
let home: Home
let files: Record<'config' | 'identity' | 'manifest', Uint8Array>

const config = {
  data: { path: '/data/x', part: { index: 0, count: 4 }, where: { site: 'va' }, resize: true },
  listen: ['/ip4/0.0.0.0/tcp/0'],
  port: 4001,
  bootstrap: ['/ip4/1.2.3.4/tcp/4001'],
  mdns: false
}
const settings = fuzzed('config.json', hostileJson([config]), {
  judge: async (text) => {
    await writeFile(home.paths.config, text)
    await refusedOrUnderstood({
      errors: [DamagedHomeError],
      run: () => home.config(),
      accepted: async (read) => void expect(await home.updateConfig({})).to.deep.equal(read)
    })
  }
})

const identity = { version: 1, peerId: founder.id, seed: founder.key.raw.slice(0, 32) }
const lock = { kdf: 'scrypt', log2Cost: 10, salt: new Uint8Array(16), cipher: 'xchacha20-poly1305' }
const locked = { ...identity, seed: { ...lock, nonce: new Uint8Array(24), ciphertext: new Uint8Array(48) } }
const identities = fuzzed('identity.key', hostileCbor([encode(identity), encode(locked)]), {
  judge: async (bytes) => {
    await writeFile(home.paths.identity, bytes, { mode: 0o600 })
    // A passphrase is not tried: what that may cost is bounded by the schema alone, and takes its second.
    for (const run of [() => home.identity(), () => home.describeIdentity()]) {
      await refusedOrUnderstood<unknown>({ errors: [DamagedHomeError, WrongPassphraseError], run })
    }
  }
})

const manifestFile = fuzzed(
  'manifest.cbor',
  fc.nat().chain(() => damaged([files.manifest])),
  {
    judge: async (bytes) => {
      await writeFile(home.paths.manifest, bytes)
      await refusedOrUnderstood({ errors: [DamagedHomeError, NoFederationError], run: () => home.manifest() })
    }
  }
)

export const stored: FuzzArea = {
  name: 'stored',
  properties: [dags, vectors, ledgers, votes, settings, identities, manifestFile],
  before: async () => {
    folder = await mkdtemp(join(tmpdir(), 'murmur-fuzz-'))
    const founded = await foundFederation({
      home: join(folder, 'home'),
      draft: parseManifestYaml(templates[0]),
      now: 0
    })
    home = founded.home
    files = { config: new Uint8Array(), identity: new Uint8Array(), manifest: founded.manifest.bytes }
  },
  after: async () => await rm(folder, { recursive: true, force: true })
}
