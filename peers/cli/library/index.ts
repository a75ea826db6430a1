/** The library as the commands use it, over the Node peer. Everything is loaded when it is used: `--help` is quick. */
import { stat } from 'node:fs/promises'
import { UserError } from '../output/exit.ts'
import type { HomeInfo, Library, StateSource } from './types.ts'
import type { Home } from '../../node/home/index.ts'

const node = async () => await import('../../node/index.ts')
const homes = async () => await import('../../node/home/index.ts')
const model = async () => await import('../../node/model/index.ts')
const native = async () => await import('../../node/compute/native/install.ts')
const control = async () => await import('../../node/control/index.ts')

/** The real thing; tests of commands hand in their own. */
export const nodeLibrary: Library = {
  async found({ home: dir, ...init }) {
    const { foundFederation } = await homes()
    const { home } = await foundFederation({ home: dir, ...init })
    return await infoOf(home)
  },

  async openHome(dir) {
    const info = await nodeLibrary.findHome(dir)
    if (info != null) return info
    const { NoFederationError } = await homes()
    throw new NoFederationError(dir)
  },

  async findHome(dir) {
    if (!(await exists(dir))) return null
    const home = await (await homes()).openHome(dir)
    return (await home.findManifest()) == null ? null : await infoOf(home)
  },

  async remember(dir, options) {
    await (await (await homes()).openHome(dir)).updateConfig(options)
  },

  async needsPassphrase(dir) {
    const identity = await (await (await homes()).openHome(dir)).describeIdentity()
    return identity?.encrypted ?? false
  },

  createPeer: async (init) => await (await node()).createPeer(init),

  async serveControl({ home, peer, stop }) {
    const { controlPath, serveControl } = await control()
    return await serveControl({ path: controlPath(home), peer, stop })
  },

  async connect(dir) {
    const { connectControl, controlPath } = await control()
    return await connectControl(controlPath(dir))
  },

  async openDisk(dir) {
    // The network's part of the library is not needed, and twice as large as this.
    const { openAtRest } = await import('../../node/peer/at-rest.ts')
    const peer = await openAtRest(dir)
    const source: StateSource = {
      origin: 'disk',
      status: async () => peer.status(),
      ledger: (range) => peer.ledger(range),
      weights: async () => await peer.weights(),
      close: async () => await peer.close()
    }
    return source
  },

  verifyLedger: async (dir, options) => await (await node()).verifyLedger(dir, options),

  async readInvite(text) {
    const { readInvite } = await import('../../node/invites.ts')
    return await readInvite(text)
  },

  async knock(invite, options) {
    const invitation = await (await node()).knock(invite, options)
    return {
      manifest: invitation.manifest,
      accept: async (init) => void (await invitation.accept(init))
    }
  },

  async inviteOffline({ home: dir, passphrase, now, invite }) {
    const home = await (await homes()).openHome(dir)
    const { makeInvite } = await import('../../node/invites.ts')
    const [manifest, key, certificate] = await Promise.all([
      home.manifest(),
      home.identity(passphrase),
      home.certificate()
    ])
    return await makeInvite({ manifest, key, certificate, now }, invite)
  },

  async describeData(data, manifest) {
    const { describeData, openData } = await import('../../node/data/index.ts')
    return await describeData(await openData(data, manifest), manifest.task)
  },

  startTrainer: async (options) => await (await node()).startTrainingWorker(options),
  exportModel: async (init) => await (await model()).exportModel(init),
  describeModel: async (manifest) => (await model()).describeModel(manifest),
  predict: async (init) => await (await model()).predictExamples(init),
  evaluate: async (init) => await (await model()).evaluateOn(init),
  savePersonal: async (dir, kept, manifest) => await (await model()).savePersonal(dir, kept, manifest),
  readPersonal: async (dir, manifest) => await (await model()).readPersonal(dir, manifest),
  planNative: async ({ signal }) => await (await native()).planInstall(signal),
  installNative: async (options) => await (await native()).installNative(options),
  examine: async (options) => await (await import('../../node/doctor/index.ts')).examine(options),
  simulate: async (init) => await (await import('../../simulate/index.ts')).simulate(init)
}

async function infoOf(home: Home): Promise<HomeInfo> {
  const [manifest, identity, { data, listen }] = await Promise.all([
    home.manifest(),
    home.describeIdentity(),
    home.config()
  ])
  const peerId = identity?.peerId
  if (peerId == null)
    throw new UserError(`${home.paths.identity} is missing: without it ${home.dir} is no peer.`)
  const remembered = { ...(data == null ? {} : { data }), ...(listen == null ? {} : { listen }) }
  return { dir: home.dir, peerId, manifest, founder: manifest.value.founder === peerId, remembered }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    }
  )
}
