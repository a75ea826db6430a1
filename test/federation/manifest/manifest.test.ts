import { expect } from 'chai'
import { InvalidRecordError } from '../../../src/federation/cbor.ts'
import {
  describeManifest,
  draftOf,
  founding,
  InvalidManifestError,
  manifestDraftSchema,
  manifestTemplate,
  manifestToYaml,
  manifestType,
  openManifest,
  parseManifestYaml,
  templateKinds
} from '../../../src/federation/manifest/index.ts'
import { rootAmong, rootOf } from '../../../src/aggregation/index.ts'
import { InvalidSignatureError, seal } from '../../../src/federation/signed.ts'
import type { ManifestDraft } from '../../../src/federation/manifest/index.ts'
import { failure } from '../../helpers/failure.ts'
import { everyFlip, NOW, person, world } from '../world.ts'

const draft = parseManifestYaml(manifestTemplate('digits'))
const nonce = new Uint8Array(16).fill(7)

describe('founding', () => {
  it('fixes founder, time and version, and opens again to the same id', async () => {
    const { key, id } = await person(1)
    const signed = await founding({ draft, founderKey: key, now: NOW, nonce })
    expect(signed.value).to.include({ version: 1, founder: id, createdAt: NOW })
    const opened = await openManifest(signed.bytes)
    expect(opened.cid.toString()).to.equal(signed.cid.toString())
    expect(opened.value).to.deep.equal(signed.value)
    expect(parseManifestYaml(manifestToYaml(draftOf(opened.value)))).to.deep.equal(draft)
  })

  it('fills defaults into a draft that leaves them out', async () => {
    const { key } = await person(1)
    const { name, task, model } = draft
    const signed = await founding({ draft: { name, task, model }, founderKey: key, now: NOW, nonce })
    expect(signed.value.rounds.minContributors).to.equal(2)
    expect(signed.value.membership).to.deep.equal({
      admins: [],
      invites: 'admins',
      faultModel: 'crash',
      banRounds: 100
    })
  })

  it('gives equal drafts different ids by the nonce, and equal ones the same', async () => {
    const a = await world()
    const b = await world({}, { nonce: 2 })
    const again = await world()
    expect(a.manifest.cid.toString()).not.to.equal(b.manifest.cid.toString())
    expect(a.manifest.cid.toString()).to.equal(again.manifest.cid.toString())
  })

  it('takes optional settings that are undefined', async () => {
    const { key } = await person(1)
    const stop = { rounds: 3, target: undefined }
    const signed = await founding({ draft: { ...draft, rounds: { stop } }, founderKey: key, now: NOW, nonce })
    expect(signed.value.rounds.stop).to.deep.equal({ rounds: 3 })
  })

  it('refuses parts that do not fit, and a nonce of another length', async () => {
    const { key: founderKey } = await person(1)
    const unfit = { ...draft, rounds: { startMembers: 1, minContributors: 2 } }
    await failure(founding({ draft: unfit, founderKey, now: NOW, nonce }), InvalidManifestError)
    await failure(founding({ draft, founderKey, now: NOW, nonce: new Uint8Array(8) }), RangeError)
  })
})

describe('openManifest', () => {
  it('refuses one that its founder did not sign', async () => {
    const { manifest } = await world()
    const { key } = await person(2)
    const forged = await seal(manifestType, manifest.value, key)
    expect((await failure(openManifest(forged.bytes), InvalidManifestError)).message).to.include('signed by')
  })

  it('refuses one whose parts do not fit, whoever signed it', async () => {
    const { manifest, founder } = await world()
    const rounds = { ...manifest.value.rounds, startMembers: 1 }
    const hostile = await seal(manifestType, { ...manifest.value, rounds }, founder.key)
    await failure(openManifest(hostile.bytes), InvalidManifestError)
  })

  it('refuses bytes that were changed anywhere, or reads the same', async () => {
    const { manifest } = await world()
    await everyFlip(manifest.bytes, async (changed) => {
      // A few bits of the envelope's protobuf framing mean nothing; no flip may change what was signed, or by whom.
      const outcome = await openManifest(changed).catch((error: unknown) => error)
      if (outcome instanceof Error) {
        expect(outcome.name).to.be.oneOf([InvalidSignatureError.name, InvalidRecordError.name])
        return
      }
      expect(outcome).to.deep.include({ cid: manifest.cid, author: manifest.author, value: manifest.value })
    })
  })
})

describe('describeManifest', () => {
  for (const kind of templateKinds) {
    it(`says what a person must know: ${kind}`, async () => {
      const { key, id } = await person(1)
      const template = parseManifestYaml(manifestTemplate(kind))
      const signed = await founding({ draft: template, founderKey: key, now: NOW, nonce })
      const text = describeManifest(signed).join('\n')
      for (const part of [
        template.name,
        template.licence,
        id,
        signed.cid.toString(),
        'only the founder',
        '2027-01-15'
      ]) {
        expect(text).to.include(part)
      }
      for (const label of template.task.labels) expect(text).to.include(label)
      expect(text).not.to.include('undefined')
    })
  }

  it('speaks of a given model, a target, members that invite, admins and byzantine faults', async () => {
    const { key, id } = await person(1)
    const signed = await founding({
      draft: {
        ...draft,
        contact: 'me@example.org',
        model: { architecture: { topology: '{}' } },
        rounds: {
          cohort: 0.5,
          startMembers: 4,
          stop: { rounds: 9, target: { metric: 'accuracy', value: 0.9 } }
        },
        training: { work: { steps: 1 } },
        membership: { invites: 'members', admins: [id], faultModel: 'byzantine' }
      },
      founderKey: key,
      now: NOW,
      nonce
    })
    const text = describeManifest(signed).join('\n')
    for (const part of [
      'layer by layer',
      'accuracy reaches 0.9',
      '50 %',
      '1 step over',
      'every member may',
      `admins: ${id}`,
      'two thirds',
      'me@example.org'
    ]) {
      expect(text).to.include(part)
    }
  })

  it('counts labels beyond the first dozen', async () => {
    const { key } = await person(1)
    const labels = Array.from({ length: 40 }, (_, i) => `label ${i}`)
    const task = { ...draft.task, labels }
    const signed = await founding({ draft: { ...draft, task }, founderKey: key, now: NOW, nonce })
    expect(describeManifest(signed).join('\n')).to.include('label 11 and 28 more')
  })
})

describe('a manifest that names a codec', () => {
  const told = async (codec: unknown): Promise<string> => {
    const { key } = await person(1)
    const given = { ...draft, exchange: { codec } } as ManifestDraft
    const signed = await founding({ draft: given, founderKey: key, now: NOW, nonce })
    const opened = await openManifest(signed.bytes)
    expect(opened.cid.equals(signed.cid)).to.equal(true)
    return describeManifest(opened).join('\n')
  }

  it('says what is sent, and what is sent later', async () => {
    expect(await told('fp32')).to.include('Updates           sent as they are (fp32)')
    expect(await told('int8')).to.include('compressed (int8)\n')
    expect(await told('sign')).to.include('compressed (sign); what that leaves out')
    expect(await told('topk')).to.include('the largest 1 % of the values, as int8; what that leaves out')
    expect(await told('auto')).to.include("as finely as each member's own link carries them in 10 s")
    const few = { name: 'randomk', fraction: 0.0123, values: 'fp16' }
    expect(await told(few)).to.include('the randomly drawn 1.23 % of the values, as fp16')
    expect(await told('int8+deflate')).to.include('compressed (int8); without loss smaller by deflate')
  })

  it('is read from YAML by name alone or with settings; a wrong one is told by line', () => {
    const template = manifestTemplate('digits')
    const given = (codec: string): string => template.replace(/codec: fp32.*/, `codec: ${codec}`)
    expect(parseManifestYaml(given('topk')).exchange.codec).to.deep.equal({
      name: 'topk',
      fraction: 0.01,
      values: 'int8'
    })
    const small = { name: 'int8', entropy: 'deflate' }
    expect(parseManifestYaml(given('int8+deflate')).exchange.codec).to.deep.equal(small)
    expect(parseManifestYaml(given('{ name: int8, entropy: deflate }')).exchange.codec).to.deep.equal(small)
    const seconds = (text: string): unknown => parseManifestYaml(given(text)).exchange.codec
    expect(seconds('auto')).to.deep.equal({ name: 'auto', seconds: 10 })
    expect(seconds('{ name: auto, seconds: 60 }')).to.deep.equal({ name: 'auto', seconds: 60 })
    const line = template.split('\n').findIndex((text) => text.includes('codec:')) + 1
    for (const text of [
      'auto+deflate',
      '{ name: auto, seconds: 0 }',
      'sign+deflate',
      'int8+',
      'int8+zip',
      '{ name: sign, entropy: deflate }'
    ])
      expect(() => parseManifestYaml(given(text)), text).to.throw(`line ${line}, exchange.codec`)
    expect(() => parseManifestYaml(given('zip'))).to.throw(`line ${line}, exchange.codec: `)
    expect(() => parseManifestYaml(given('{ name: topk, fraction: 2 }'))).to.throw(
      `line ${line}, exchange.codec.fraction: `
    )
  })
})

describe('a manifest with committees', () => {
  const told = async (more: Partial<ManifestDraft>): Promise<string> => {
    const { key } = await person(1)
    const signed = await founding({ draft: { ...draft, ...more }, founderKey: key, now: NOW, nonce })
    return describeManifest(await openManifest(signed.bytes)).join('\n')
  }

  it('says who works out the result, and who is believed', async () => {
    const rounds = { committee: 16 }
    expect(await told({ rounds })).to.include(
      'of more than 16 members 16 at a time work it out, and the others take what more than half of these agree on'
    )
    const membership = { faultModel: 'byzantine' } as const
    expect(await told({ rounds, membership })).to.include('more than two thirds of these agree')
    expect(await told({})).not.to.include('at a time work it out')
  })

  it('has none unless it says so, and is the same bytes as before there were any', async () => {
    const { key } = await person(1)
    const signed = await founding({ draft, founderKey: key, now: NOW, nonce })
    expect(Object.keys(signed.value.rounds)).not.to.include('committee')
    const { committee } = parseManifestYaml(manifestTemplate('digits')).rounds
    expect(committee).to.equal(undefined)
  })
})

describe('a manifest that names a client algorithm', () => {
  const foundWith = async (training: ManifestDraft['training']): Promise<string> => {
    const { key } = await person(1)
    const founded = await founding({ draft: { ...draft, training }, founderKey: key, now: NOW, nonce })
    return describeManifest(founded).join('\n')
  }

  it('says which, with its settings, unless it is the usual one', async () => {
    expect(await foundWith({ client: { name: 'fedprox', mu: 0.5 } })).to.match(
      /sgd at [0-9.]+; fedprox \(mu 0\.5\)\n/
    )
    expect(await foundWith({ client: { name: 'fednova' } })).to.match(/sgd at [0-9.]+; fednova\n/)
    const found = await foundWith({ client: { name: 'feddyn', alpha: 0.1 } })
    expect(found)
      .to.match(/feddyn \(alpha 0\.1\)\n/)
      .and.match(/mean; all members count alike/)
    expect(await foundWith({ client: { name: 'workerMomentum' } })).to.match(
      /; sends a mean of its updates so far, .*: workerMomentum \(beta 0\.9\)\n/
    )
    expect(await foundWith({})).to.match(/sgd at [0-9.]+\n/)
  })

  it('cannot name one that does not exist, nor pull without measure', () => {
    for (const client of [
      { name: 'moon' },
      { name: 'fedprox', mu: 0 },
      { name: 'fedprox', mu: 1e9 },
      { name: 'feddyn', alpha: 0 },
      { name: 'workerMomentum', beta: 0 },
      { name: 'workerMomentum', beta: 1 }
    ]) {
      const found = manifestDraftSchema.safeParse({ ...draft, training: { client } })
      expect(found.success, JSON.stringify(client)).to.equal(false)
    }
    for (const weightDecay of [-1, 2]) {
      const optimizer = { name: 'adamw', weightDecay }
      expect(manifestDraftSchema.safeParse({ ...draft, training: { optimizer } }).success).to.equal(false)
    }
  })
})

describe('a manifest that names an aggregation rule', () => {
  const given = (aggregation: unknown, minContributors: number): ManifestDraft =>
    ({
      ...draft,
      aggregation,
      rounds: { ...draft.rounds, startMembers: 20, minContributors }
    }) as ManifestDraft
  const found = async (aggregation: unknown, minContributors: number): Promise<unknown> => {
    const { key } = await person(1)
    return await founding({ draft: given(aggregation, minContributors), founderKey: key, now: NOW, nonce })
  }

  it('is founded when the fewest updates of a round are enough for it, and not with one less', async () => {
    const nnm = { name: 'nnm', byzantine: 2 }
    const needs: [unknown, number][] = [
      [{ rule: { name: 'trimmedMean', byzantine: 2 } }, 5],
      [{ rule: { name: 'meamed', byzantine: 2 } }, 5],
      [{ rule: { name: 'krum', byzantine: 2 } }, 7],
      [{ rule: { name: 'multiKrum', byzantine: 2 } }, 7],
      [{ rule: { name: 'bulyan', byzantine: 2 } }, 11],
      [{ rule: { name: 'mda', byzantine: 2 } }, 5],
      [{ rule: { name: 'caf', byzantine: 2 } }, 5],
      [{ rule: { name: 'median' }, before: [nnm] }, 5],
      [{ rule: { name: 'median' }, before: [{ name: 'arc', byzantine: 3 }] }, 7],
      [{ rule: { name: 'krum', byzantine: 1 }, before: [{ name: 'bucketing', size: 3 }] }, 13]
    ]
    for (const [aggregation, least] of needs) {
      await found(aggregation, least)
      const error = await failure(found(aggregation, least - 1), InvalidManifestError)
      expect(error.message).to.include('aggregation.rule: ')
      expect(error.message).to.include('raise rounds.minContributors')
    }
  })

  it('cannot name what would take for ever, or does not exist', async () => {
    const wrong = [
      { rule: { name: 'mda', byzantine: 9 } },
      { rule: { name: 'krum', byzantine: 512 } },
      { rule: { name: 'krum', byzantine: -1 } },
      { rule: { name: 'geometricMedian', iterations: 1000 } },
      { rule: { name: 'centeredClipping', radius: 0 } },
      { rule: { name: 'median', byzantine: 1 } },
      { rule: { name: 'auror' } },
      { rule: { name: 'fltrust', root: 'nobody' } },
      { rule: { name: 'fltrust', byzantine: 1 } },
      { rule: { name: 'mean' }, before: Array(4).fill({ name: 'nnm' }) },
      { serverOptimizer: { name: 'lamb' } },
      { serverOptimizer: { name: 'sgd', momentum: 0.9 } },
      { serverOptimizer: { name: 'sgd', learningRate: 0 } },
      { serverOptimizer: { name: 'momentum', learningRate: Infinity } },
      { serverOptimizer: { name: 'momentum', momentum: 1 } },
      { serverOptimizer: { name: 'adam', beta2: 0.9999 } },
      { serverOptimizer: { name: 'yogi', tau: 0 } }
    ]
    for (const aggregation of wrong) {
      expect(
        manifestDraftSchema.safeParse(given(aggregation, 20)).success,
        JSON.stringify(aggregation)
      ).to.equal(false)
    }
  })

  it('says how updates are combined, and whose count for how much', async () => {
    const told = async (aggregation: unknown): Promise<string> =>
      describeManifest((await found(aggregation, 9)) as Awaited<ReturnType<typeof founding>>).join('\n')
    expect(await told({})).to.include('Combined by       mean; members count by their samples; sgd')
    const diloco = { name: 'momentum', learningRate: 0.7, momentum: 0.9, nesterov: true }
    expect(await told({ serverOptimizer: diloco })).to.include(
      '; momentum (learningRate 0.7, momentum 0.9, nesterov true)'
    )
    const robust = { rule: { name: 'krum', byzantine: 2 }, before: [{ name: 'nnm', byzantine: 2 }] }
    expect(await told(robust)).to.include(
      'Combined by       nnm (byzantine 2), then krum (byzantine 2); all members count alike'
    )
  })

  it('says who is trusted: the founder, or whom it names', async () => {
    const [founder, other] = await Promise.all([person(1), person(2)])
    const of = async (rule: object): Promise<Awaited<ReturnType<typeof founding>>> =>
      (await found({ rule }, 2)) as Awaited<ReturnType<typeof founding>>
    const byDefault = await of({ name: 'fltrust' })
    const named = await of({ name: 'fltrust', root: other.id })
    const counts = 'the others count by how far their updates go the way of that member’s'
    const told = (manifest: typeof named): string =>
      describeManifest(manifest).join('\n').replaceAll("'", '’')
    expect(told(byDefault)).to.include(`Combined by       fltrust; the founder is trusted: ${counts}`)
    expect(told(named)).to.include(`fltrust (root ${other.id}); ${other.id} is trusted: ${counts}`)
    expect(rootOf(byDefault.value)).to.equal(founder.id)
    expect(rootOf((await openManifest(named.bytes)).value)).to.equal(other.id)
    expect(rootAmong([other.id, founder.id], byDefault.value)).to.equal(1)
    expect(rootAmong([founder.id], named.value)).to.equal(null)
    const mean = (await found({}, 2)) as typeof named
    expect(rootAmong([founder.id], mean.value)).to.equal(null)
  })
})
