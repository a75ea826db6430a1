import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import {
  DamagedHomeError,
  FederationExistsError,
  foundFederation,
  NoFederationError,
  NoIdentityError,
  openHome,
  PermissionsError,
  rememberMembership,
  WrongPassphraseError
} from '../../../peers/node/home/index.ts'
import { privateDirectory, writeAtomically } from '../../../peers/node/home/files.ts'
import { certify, verifyCertificate } from '../../../src/federation/certificate.ts'
import { TamperedError } from '../../../src/federation/errors.ts'
import {
  InvalidManifestError,
  manifestTemplate,
  parseManifestYaml
} from '../../../src/federation/manifest/index.ts'
import { invite, NOW, world } from '../../federation/world.ts'
import { failure } from '../../helpers/failure.ts'

const yaml = manifestTemplate('digits')
const draft = parseManifestYaml(yaml)
/** Scrypt cheap enough for tests. */
const log2Cost = 10

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

describe('a home directory', () => {
  let root: string
  let dir: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'murmur-home-'))
    dir = join(root, 'home')
  })

  afterEach(() => rm(root, { recursive: true, force: true }))

  it('is made for this user alone, and belongs to no federation at first', async () => {
    const home = await openHome(dir)
    expect(await mode(dir)).to.equal('700')
    expect(await home.findManifest()).to.equal(null)
    expect((await failure(home.manifest(), NoFederationError)).message)
      .to.include('murmur init')
      .and.to.include('murmur join')
    await failure(home.certificate(), NoFederationError)
    await failure(home.identity(), NoIdentityError)
    expect(await home.describeIdentity()).to.equal(undefined)
  })

  it('open to others is refused with the command that repairs it', async () => {
    await openHome(dir)
    await chmod(dir, 0o755)
    expect((await failure(openHome(dir), PermissionsError)).message)
      .to.include(`mode 755`)
      .and.to.include('chmod 700')
  })

  it('that is a file is refused', async () => {
    await writeFile(dir, '')
    await failure(openHome(dir), Error)
    await failure(privateDirectory(join(dir, 'below')), Error)
  })

  describe('founding', () => {
    it('leaves identity, manifest, certificate and what the founder wrote', async () => {
      const { home, manifest } = await foundFederation({ home: dir, draft, yaml, now: NOW })
      const again = await openHome(dir)
      expect((await again.manifest()).cid.toString()).to.equal(manifest.cid.toString())
      expect(await readFile(home.paths.federation, 'utf8')).to.equal(yaml)
      expect(await mode(home.paths.identity)).to.equal('600')
      const founder = peerIdFromPrivateKey(await again.identity()).toString()
      expect(manifest.value.founder).to.equal(founder)
      const verified = await verifyCertificate({ certificate: await again.certificate(), manifest })
      expect(verified).to.include({ member: founder, role: 'founder' })
      expect((await readdir(dir)).filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
    })

    it('twice in one directory is refused', async () => {
      await foundFederation({ home: dir, draft, now: NOW })
      const error = await failure(foundFederation({ home: dir, draft, now: NOW }), FederationExistsError)
      expect(error.message).to.include('Drawn digits').and.to.include('--home')
    })

    it('an unsound federation leaves no federation behind', async () => {
      const unsound = { ...draft, rounds: { startMembers: 1, minContributors: 2 } }
      await failure(foundFederation({ home: dir, draft: unsound, now: NOW }), InvalidManifestError)
      expect(await (await openHome(dir)).findManifest()).to.equal(null)
      await foundFederation({ home: dir, draft, now: NOW })
    })

    it('writes the draft as YAML when there is no text of the founder', async () => {
      const { home } = await foundFederation({ home: dir, draft, now: NOW })
      expect(parseManifestYaml(await readFile(home.paths.federation, 'utf8'))).to.deep.equal(draft)
    })
  })

  describe('an identity under a passphrase', () => {
    it('opens with it, however its letters are composed', async () => {
      const home = await openHome(dir)
      const made = await home.ensureIdentity({ passphrase: 'caf\u00e9', log2Cost })
      expect((await home.identity('cafe\u0301')).equals(made)).to.equal(true)
      expect((await home.ensureIdentity({ passphrase: 'caf\u00e9' })).equals(made)).to.equal(true)
      expect(await home.describeIdentity()).to.deep.equal({
        peerId: peerIdFromPrivateKey(made).toString(),
        encrypted: true
      })
    })

    it('does not open without it or with another', async () => {
      const home = await openHome(dir)
      await home.ensureIdentity({ passphrase: 'right', log2Cost })
      expect((await failure(home.identity(), WrongPassphraseError)).message).to.include('give its passphrase')
      expect((await failure(home.identity('wrong'), WrongPassphraseError)).message).to.include(
        'does not open'
      )
    })

    it('is not in the file in the clear', async () => {
      const home = await openHome(dir)
      const { raw } = await home.ensureIdentity({ passphrase: 'right', log2Cost })
      const stored = await readFile(home.paths.identity)
      expect(Buffer.from(stored).includes(Buffer.from(raw.subarray(0, 32)))).to.equal(false)
    })

    it('changed anywhere does not open', async () => {
      const home = await openHome(dir)
      await home.ensureIdentity({ passphrase: 'right', log2Cost })
      const bytes = await readFile(home.paths.identity)
      for (let at = 0; at < bytes.byteLength; at += 7) {
        const changed = Uint8Array.from(bytes)
        changed[at] ^= 1
        await writeFile(home.paths.identity, changed)
        const error = await failure(home.identity('right'), Error)
        expect(error.name).to.be.oneOf([WrongPassphraseError.name, DamagedHomeError.name])
      }
    }).timeout(20_000)
  })

  it('whose identity others can read is refused with the command that repairs it', async () => {
    const home = await openHome(dir)
    await home.ensureIdentity()
    await chmod(home.paths.identity, 0o644)
    expect((await failure(home.identity(), PermissionsError)).message).to.include('chmod 600')
  })

  it("whose identity is damaged, or not its peer id's, says so", async () => {
    const home = await openHome(dir)
    await home.ensureIdentity()
    const bytes = await readFile(home.paths.identity)
    await writeFile(home.paths.identity, bytes.subarray(0, -1))
    await failure(home.identity(), DamagedHomeError)
    const changed = Uint8Array.from(bytes)
    changed[changed.length - 10] ^= 1
    await writeFile(home.paths.identity, changed)
    await failure(home.identity(), DamagedHomeError)
  })

  it('whose manifest is damaged says so', async () => {
    const { home } = await foundFederation({ home: dir, draft, now: NOW })
    const bytes = await readFile(home.paths.manifest)
    await writeFile(home.paths.manifest, bytes.subarray(0, 100))
    expect((await failure(home.manifest(), DamagedHomeError)).message).to.include(home.paths.manifest)
  })

  describe('joining', () => {
    it('leaves manifest, certificate and addresses, once there is an identity', async () => {
      const w = await world()
      const home = await openHome(dir)
      const made = await invite(w, w.founder)
      const { id } = await joiner(home)
      const certificate = (await certify(made, id)).bytes
      await rememberMembership({
        home,
        manifest: w.manifest,
        certificate,
        bootstrap: ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/1']
      })
      expect((await home.manifest()).cid.toString()).to.equal(w.manifest.cid.toString())
      expect(await home.certificate()).to.deep.equal(certificate)
      expect((await home.config()).bootstrap).to.deep.equal(['/ip4/127.0.0.1/tcp/1'])
      await rememberMembership({ home, manifest: w.manifest, certificate, bootstrap: [] })
    })

    it('another federation in the same directory is refused', async () => {
      await foundFederation({ home: dir, draft, now: NOW })
      const [w, home] = [await world(), await openHome(dir)]
      const init = { home, manifest: w.manifest, certificate: new Uint8Array(), bootstrap: [] }
      await failure(rememberMembership(init), FederationExistsError)
    })

    it("without an identity, or with a certificate that is false or another's, is refused", async () => {
      const [w, home] = [await world(), await openHome(dir)]
      const certificate = w.founder.certificate ?? new Uint8Array()
      const init = { home, manifest: w.manifest, certificate, bootstrap: [] }
      await failure(rememberMembership(init), NoIdentityError)
      await home.ensureIdentity()
      await failure(rememberMembership(init), DamagedHomeError)
      await failure(rememberMembership({ ...init, certificate: certificate.slice(1) }), TamperedError)
      expect(await home.findManifest()).to.equal(null)
    })
  })

  describe('its configuration', () => {
    it('keeps what it is told, and removes what becomes undefined', async () => {
      const home = await openHome(dir)
      expect(await home.config()).to.deep.equal({ bootstrap: [] })
      await home.updateConfig({
        data: { path: 'demo:1', part: { index: 0, count: 4 } },
        listen: ['/ip4/0.0.0.0/tcp/0']
      })
      await home.updateConfig({ listen: undefined })
      expect(await home.config()).to.deep.equal({
        data: { path: 'demo:1', part: { index: 0, count: 4 } },
        bootstrap: []
      })
    })

    it('with a mistake is refused with the file and the setting', async () => {
      const home = await openHome(dir)
      await writeFile(home.paths.config, '{"listen": [3]}')
      expect((await failure(home.config(), DamagedHomeError)).message)
        .to.include('listen.0')
        .and.to.include(home.paths.config)
      await writeFile(home.paths.config, '{"threads": 0}')
      expect((await failure(home.config(), DamagedHomeError)).message).to.include('threads')
      await writeFile(home.paths.config, '{')
      expect((await failure(home.config(), DamagedHomeError)).message).to.include('not JSON')
    })
  })

  it('is written whole or not at all', async () => {
    await openHome(dir)
    await failure(writeAtomically(join(dir, 'absent', 'file'), 'x'), Error)
    const target = join(dir, 'file')
    await Promise.all(Array.from({ length: 10 }, (_, i) => writeAtomically(target, String(i).repeat(5000))))
    const text = await readFile(target, 'utf8')
    expect(text).to.equal(text[0].repeat(5000))
    expect(await readdir(dir)).to.deep.equal(['file'])
  })

  it('with a file beyond all bounds is refused before it is read', async () => {
    const home = await openHome(dir)
    await writeFile(home.paths.manifest, new Uint8Array(9 * 1024 * 1024))
    expect((await failure(home.findManifest(), DamagedHomeError)).message).to.include('at most')
  })
})

async function joiner(home: Awaited<ReturnType<typeof openHome>>): Promise<{ id: string }> {
  const key = await home.ensureIdentity()
  const seeded = await generateKeyPairFromSeed('Ed25519', key.raw.subarray(0, 32))
  return { id: peerIdFromPrivateKey(seeded).toString() }
}
