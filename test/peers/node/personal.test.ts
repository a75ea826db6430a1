/** The personal model in a home directory. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readPersonal, savePersonal } from '../../../peers/node/model/index.ts'
import { layoutOf } from '../../../src/model/layout.ts'
import { planFor } from '../../../src/model/task.ts'
import { randomDelta } from '../../aggregation/helpers.ts'
import { failure } from '../../helpers/failure.ts'
import { someCid, someManifest } from '../../rounds/ledger.ts'
import type { Manifest } from '../../../src/federation/manifest/index.ts'
import type { Signed } from '../../../src/federation/signed.ts'

const about = { round: '3', layers: 'head' }

describe('a personal model in a home', () => {
  let home: string
  const { task } = someManifest()
  const value = { ...someManifest(), task: { ...task, labels: ['a', 'b'] } }
  const manifest = { value, cid: someCid(1) } as unknown as Signed<Manifest>
  const weights = randomDelta(layoutOf(planFor(value)).size, 1)

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'murmur-personal-'))
  })

  afterEach(async () => {
    await rm(home, { recursive: true })
  })

  it('is read as it was saved, in place of the one before, and nobody else reads it', async () => {
    await savePersonal(home, { weights: weights.map((w) => -w), about: {} }, manifest)
    const file = await savePersonal(home, { weights, about }, manifest)
    const found = await readPersonal(home, manifest)
    expect(found.weights).to.deep.equal(weights)
    expect(found.about).to.deep.equal({ ...about, federation: manifest.cid.toString() })
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o077).to.equal(0)
  })

  it('is refused where there is none, where it is of another federation, and where it is damaged', async () => {
    expect((await failure(readPersonal(home, manifest), Error)).message).to.include('murmur personalize')
    const file = await savePersonal(home, { weights, about }, manifest)
    const other = { ...manifest, cid: someCid(2) }
    expect((await failure(readPersonal(home, other), Error)).name).to.equal('DamagedHomeError')
    await writeFile(file, Buffer.alloc(20))
    expect((await failure(readPersonal(home, manifest), Error)).name).to.equal('InvalidModelFileError')
  })
})
