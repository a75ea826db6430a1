import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { noteSlower, withoutSlower } from '../../../../peers/node/compute/choices.ts'
import { chooseBackend } from '../../../../src/compute/choose.ts'
import { withCache } from '../../../helpers/native.ts'
import { manifestOf } from '../../../training/fixtures.ts'
import type { BackendAttempt, BackendCandidate } from '../../../../src/compute/choose.ts'
import type { ModelManifest } from '../../../../src/model/task.ts'

const DAY_MS = 24 * 3_600_000
const NOW = Date.UTC(2026, 10, 25)
const manifest = manifestOf({})
const other = manifestOf({ architecture: { preset: 'mlp', hidden: [17] } })
const slower: BackendAttempt = {
  name: 'tfjs-node',
  reason: 'passed its check, but is slower',
  isSlower: 'measured',
  durationMs: 1
}

describe('what is known of slow engines', () => {
  let cache: string

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'murmur-choices-'))
  })
  afterEach(() => rm(cache, { recursive: true }))

  const note = (attempts: BackendAttempt[], nowMs = NOW): Promise<void> =>
    withCache(cache, () => noteSlower(attempts, { manifest, nowMs }))

  /** How choosing among a big library and a small one goes, and whether the first was loaded. */
  async function choose(of: ModelManifest, nowMs: number) {
    let isLoaded = false
    const candidate = (name: string): BackendCandidate => ({
      name,
      start: async () => void (isLoaded ||= name === 'tfjs-node')
    })
    const all = ['tfjs-node', 'wasm'].map(candidate)
    const candidates = await withCache(cache, () => withoutSlower(all, { manifest: of, nowMs }))
    const { name, attempts } = await chooseBackend(candidates, { now: () => 0 })
    return { name, attempts, isLoaded }
  }

  it('keeps them from being loaded again for that model, and is told as the reason', async () => {
    await note([slower, { name: 'wasm', durationMs: 1 }])
    const { name, attempts, isLoaded } = await choose(manifest, NOW + DAY_MS)
    expect({ name, isLoaded }).to.deep.equal({ name: 'wasm', isLoaded: false })
    expect(attempts[0]).to.deep.equal({
      name: 'tfjs-node',
      reason: 'passed its check, but is slower (measured on 2026-11-25)',
      isSlower: 'known',
      durationMs: 0
    })
  })

  it('says nothing of another model, and is forgotten after a week', async () => {
    await note([slower])
    expect((await choose(other, NOW)).isLoaded).to.equal(true)
    expect((await choose(manifest, NOW + 8 * DAY_MS)).isLoaded).to.equal(true)
  })

  it('is not renewed by itself: only measuring counts', async () => {
    await note([slower])
    const { attempts } = await choose(manifest, NOW + 6 * DAY_MS)
    await note(attempts, NOW + 6 * DAY_MS)
    expect((await choose(manifest, NOW + 8 * DAY_MS)).isLoaded).to.equal(true)
  })

  it('is nothing where nothing was measured, and where its file is damaged or cannot be written', async () => {
    await note([{ name: 'tfjs-node', reason: 'not installed', isAbsent: true, durationMs: 1 }])
    expect(await readdir(cache)).to.deep.equal([])
    for (const text of ['{', '[1]', '{"a":{"atMs":"x"}}']) {
      await writeFile(join(cache, 'choices.json'), text)
      expect((await choose(manifest, NOW)).isLoaded).to.equal(true)
    }
    await withCache(join(cache, 'choices.json'), () => noteSlower([slower], { manifest, nowMs: NOW }))
  })
})
