/** src/federation, bytes: every record's decoder, alone and behind a signature. */
import { expect } from 'chai'
import fc from 'fast-check'
import { rootOf } from './roots.ts'
import { decode, encode, InvalidRecordError } from '../../../src/federation/cbor.ts'
import { InvalidSignatureError, open, reopen } from '../../../src/federation/signed.ts'
import { helloType, verdictType, welcomeType } from '../../../protocols/admission/schema.ts'
import { answerType, requestType } from '../../../protocols/blocks/schema.ts'
import { frameType, requestType as ledgerRequestType } from '../../../protocols/ledger/schema.ts'
import { dagRootType } from '../../../src/blocks/root.ts'
import { hostileCbor, nonsense } from '../arbitraries.ts'
import { bytesOf, treeOf } from '../cbor.ts'
import { damaged } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import {
  certificates,
  commitKind,
  federation,
  founder,
  manifests,
  member,
  payload,
  signed,
  signedKinds
} from '../samples.ts'
import type { FuzzArea, FuzzProperty } from '../property.ts'
import type { Kind } from '../samples.ts'

const frames: Kind[] = [
  {
    type: helloType,
    payloads: [
      encode({
        federation,
        certificate: certificates[1],
        addresses: ['/ip4/1.2.3.4/tcp/1'],
        look: false,
        head: null
      })
    ]
  },
  {
    type: welcomeType,
    payloads: [
      encode({
        certificate: certificates[0],
        addresses: ['/ip4/1.2.3.4/tcp/1'],
        manifest: manifests[0].bytes,
        peers: [{ peerId: member.id, addresses: ['/ip4/1.2.3.4/tcp/2'] }],
        head: { height: 3, cid: federation }
      })
    ]
  },
  { type: verdictType, payloads: [encode({ accepted: true })] },
  {
    type: ledgerRequestType,
    payloads: [
      encode({ federation, height: 2, have: [new Uint8Array(16), new Uint8Array(16)], maxBytes: 4096 })
    ]
  },
  {
    type: frameType,
    payloads: [
      encode({ type: 'head', height: 4, cid: federation }),
      encode({ type: 'commit', bytes: commitKind.payloads[0] }),
      encode({ type: 'record', kind: 'vote', bytes: new Uint8Array(100) }),
      encode({ type: 'end', more: false })
    ]
  },
  { type: requestType, payloads: [encode({ want: [federation, payload] })] },
  {
    type: answerType,
    payloads: [
      encode({ size: 1000 }),
      encode({ missing: true }),
      encode({ refused: { code: 'busy', message: 'Ask another' } })
    ]
  },
  { type: dagRootType, payloads: await Promise.all([0, 1, 40_000].map(rootOf)) }
] as Kind[]

/** Encoded again the value is the same bytes; but for a manifest's, in which defaults are filled, which it still means. */
function expectAgain(type: Kind['type'], value: unknown, bytes: Uint8Array): void {
  const again = encode(value)
  if (type.name !== 'manifest') expect(again).to.deep.equal(bytes)
  else expect(decode(type, again)).to.deep.equal(value)
}

function decoding({ type, payloads }: Kind): FuzzProperty {
  return fuzzed(`a ${type.name}`, hostileCbor(payloads), {
    judge: async (bytes) =>
      await refusedOrUnderstood({
        errors: [InvalidRecordError],
        run: () => decode(type, bytes),
        accepted: (value) => expectAgain(type, value, bytes)
      })
  })
}

function opening({ type, payloads, key }: (typeof signedKinds)[number]): FuzzProperty {
  return fuzzed(`a ${type.name} with a good signature`, hostileCbor(payloads), {
    judge: async (bytes) => {
      const envelope = await signed(type, bytes, key)
      await refusedOrUnderstood({
        errors: [InvalidRecordError],
        run: () => open(type, envelope),
        accepted: ({ value }) => {
          expectAgain(type, value, bytes)
          expect(reopen(type, envelope)).to.deep.equal(value)
        }
      })
    }
  })
}

const envelopes = await Promise.all(
  signedKinds.map(async ({ type, payloads, key }) => ({ type, bytes: await signed(type, payloads[0], key) }))
)

/** Whatever is changed about an envelope, what it says is what was signed. */
const damagedEnvelope = fuzzed(
  'a signed envelope that was damaged',
  fc.tuple(fc.nat(envelopes.length - 1), fc.oneof(damaged(envelopes.map(({ bytes }) => bytes)), nonsense)),
  {
    shares: 4,
    judge: async ([which, bytes]) => {
      const { type } = envelopes[which]
      await refusedOrUnderstood({
        errors: [InvalidRecordError, InvalidSignatureError],
        run: () => open(type, bytes),
        accepted: async ({ value }) => {
          const original = await open(type, envelopes[which].bytes)
          expect(value).to.deep.equal(original.value)
        }
      })
    }
  }
)

/** An own ledger's certificate or revocation that a disk damaged. */
const damagedReopened = fuzzed(
  'an envelope of the own ledger that was damaged',
  fc.tuple(fc.nat(envelopes.length - 1), damaged(envelopes.map(({ bytes }) => bytes))),
  {
    judge: async ([which, bytes]) =>
      await refusedOrUnderstood({
        errors: [InvalidRecordError],
        run: () => reopen(envelopes[which].type, bytes)
      })
  }
)

/** The generators themselves: an unchanged tree is the message again, or no input would ever be accepted. */
const trees: FuzzProperty = {
  name: 'trees of real messages are the messages',
  shares: 0,
  check: async () => {
    for (const { type, payloads } of [...signedKinds, commitKind, ...frames]) {
      for (const bytes of payloads) expect(bytesOf(treeOf(decode(type, bytes)))).to.deep.equal(bytes)
    }
    await open(envelopes[0].type, await signed(envelopes[0].type, signedKinds[0].payloads[0], founder.key))
  }
}

export const records: FuzzArea = {
  name: 'records',
  properties: [
    trees,
    ...[...signedKinds, commitKind, ...frames].map(decoding),
    ...signedKinds.map(opening),
    damagedEnvelope,
    damagedReopened
  ]
}
