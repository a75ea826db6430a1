/** Files of a home directory that lost their ends: a start reads what was written, or says which file it cannot use. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { DamagedHomeError, foundFederation, openHome } from '../../../peers/node/home/index.ts'
import { openIdentity } from '../../../peers/node/peer/identity.ts'
import { manifestTemplate, parseManifestYaml } from '../../../src/federation/manifest/index.ts'
import { NOW } from '../../federation/world.ts'
import { failure } from '../../helpers/failure.ts'
import type { Home, HomePaths } from '../../../peers/node/home/index.ts'
import type { Identity } from '../../../peers/node/peer/identity.ts'

const draft = parseManifestYaml(manifestTemplate('digits'))
const MEMBER = '/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWHyY26wsbCT2BNmhGzrL3tNcF5Nzs7A1b4PTuoYPKj2iJ'

describe('a home directory with a file that is cut short', () => {
  let dir: string
  let home: Home

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-home-'))
    home = (await foundFederation({ home: dir, draft, now: NOW })).home
    await home.updateConfig({
      port: 4711,
      bootstrap: [MEMBER],
      data: { path: '/data', where: { site: 'a' } }
    })
  })
  afterEach(async () => await rm(dir, { recursive: true }))

  const open = async (): Promise<Identity> => await openIdentity({ home: dir })

  const told = ({ self, config, manifest, certificate }: Identity): unknown => [
    self,
    config,
    String(manifest.cid),
    [...certificate]
  ]

  for (const which of ['identity', 'manifest', 'certificate', 'config'] satisfies (keyof HomePaths)[]) {
    it(`anywhere in its ${which} is refused with the name of the file and what to do, or lacks nothing`, async () => {
      const whole = told(await open())
      const file = home.paths[which]
      const bytes = await readFile(file)
      for (let size = 0; size <= bytes.byteLength; size++) {
        await writeFile(file, bytes.subarray(0, size))
        const label = `${basename(file)}: ${size} of ${bytes.byteLength} bytes`
        const opened = await open().catch((error: unknown) => error as Error)
        if (opened instanceof Error) {
          expect(opened, label).to.be.instanceOf(DamagedHomeError)
          expect(opened.message, label)
            .to.include(`${file} cannot be used`)
            .and.to.include('Restore it from a backup')
          expect(size, label).to.be.below(bytes.byteLength)
        } else {
          expect(told(opened), label).to.deep.equal(whole)
          // Of a text the newline at its end may be gone.
          expect(size, label).to.be.at.least(bytes.byteLength - (which === 'config' ? 1 : 0))
        }
      }
    })
  }

  it('without its certificate says that this is missing, not that there is no federation', async () => {
    await rm(home.paths.certificate)
    expect((await failure(open(), DamagedHomeError)).message).to.include(
      `${home.paths.certificate} cannot be used: it is missing`
    )
  })

  it('with the certificate of another peer says whose it is', async () => {
    const other = await mkdtemp(join(tmpdir(), 'murmur-home-'))
    try {
      const { home: theirs } = await foundFederation({ home: other, draft, now: NOW })
      await writeFile(home.paths.identity, await readFile(theirs.paths.identity), { mode: 0o600 })
      const { peerId } = (await (await openHome(other)).describeIdentity()) ?? { peerId: 'nobody' }
      expect((await failure(open(), DamagedHomeError)).message).to.include(`but this is ${peerId}`)
    } finally {
      await rm(other, { recursive: true })
    }
  })
})
