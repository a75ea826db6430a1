/** src/federation/manifest and src/model: what a founder may have written, up to the model that would be built. */
import { expect } from 'chai'
import fc from 'fast-check'
import { InvalidRecordError } from '../../../src/federation/cbor.ts'
import {
  describeManifest,
  InvalidManifestError,
  manifestToYaml,
  manifestType,
  openManifest,
  parseManifestYaml
} from '../../../src/federation/manifest/index.ts'
import { InvalidTopologyError, ModelMismatchError, ModelTooLargeError } from '../../../src/model/errors.ts'
import { planFor } from '../../../src/model/task.ts'
import { hostileCbor } from '../arbitraries.ts'
import { damagedText } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import { founder, signed, signedKinds, templates } from '../samples.ts'
import type { ModelManifest } from '../../../src/model/task.ts'
import type { SignedType } from '../../../src/federation/signed.ts'
import type { FuzzArea } from '../property.ts'

const payloads = signedKinds.find(({ type }) => type.name === 'manifest')?.payloads ?? []

/** Sizing it ends, and allocates nothing, whatever the sizes. */
async function plan(manifest: ModelManifest): Promise<void> {
  await refusedOrUnderstood({
    errors: [InvalidTopologyError, ModelMismatchError, ModelTooLargeError],
    run: () => planFor(manifest)
  })
}

const sealedManifests = fuzzed('manifests that their founder signed', hostileCbor(payloads), {
  shares: 2,
  judge: async (bytes) => {
    const envelope = await signed(manifestType as unknown as SignedType<unknown>, bytes, founder.key)
    await refusedOrUnderstood({
      errors: [InvalidRecordError, InvalidManifestError],
      run: () => openManifest(envelope),
      accepted: async (manifest) => {
        expect(describeManifest(manifest)).not.to.be.empty
        await plan(manifest.value)
      }
    })
  }
})

/** Lines that a person would not write. */
const oddLines = [
  ...[
    '&a [*a, *a]',
    'x: &b {<<: *b}',
    '%YAML 1.1',
    '---',
    '...',
    '!!binary aGk=',
    '!!set {a}',
    '? [a]',
    '*none'
  ],
  ...['__proto__: {a: 1}', 'name: !!js/function "x"', 'name: |', 'rounds: {stop: {rounds: 1e999}}', '\u0000'],
  ...[
    'task: {kind: .nan}',
    'description: "\\x1b[2J"',
    '- - - - - -',
    '{{{{',
    '[[[[',
    'a: b: c',
    '\t- x',
    'name: 007'
  ]
]
const deep = fc
  .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '{? ', '[[{a: '), fc.nat(20_000))
  .map(([piece, times]) => piece.repeat(times))
const wide = fc
  .tuple(fc.constantFrom('a', '? a', '- a', '"a'), fc.nat(5_000))
  .map(([piece, times]) =>
    Array.from({ length: times }, (_, i) => `${piece}${i}${piece[0] === '"' ? '"' : ''}: 1`).join('\n')
  )

const yaml = fc.oneof(
  { weight: 6, arbitrary: damagedText(templates, 3) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...templates), fc.nat(), fc.constantFrom(...oddLines), fc.nat(6))
      .map(([template, at, line, indent]) => {
        const lines = template.split('\n')
        lines.splice(at % lines.length, 0, `${' '.repeat(indent)}${line}`)
        return lines.join('\n')
      })
  },
  { weight: 1, arbitrary: fc.oneof(deep, wide, fc.string({ unit: 'binary' })) }
)

const written = fuzzed('manifests as text', yaml, {
  shares: 3,
  judge: async (text) =>
    await refusedOrUnderstood({
      errors: [InvalidManifestError],
      run: () => parseManifestYaml(text),
      accepted: async (draft) => {
        expect(parseManifestYaml(manifestToYaml(draft))).to.deep.equal(draft)
        await plan(draft)
      }
    })
})

export const manifests: FuzzArea = { name: 'manifests', properties: [sealedManifests, written] }
