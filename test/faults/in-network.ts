/** Mocha around a world in which each peer has a machine of its own, as far as network and disks go. */
import { TIMEOUT_MS } from '../e2e/in-world.ts'
import { World } from '../e2e/world.ts'
import { NAMES } from './flock.ts'
import { missingPrivilege } from './network/privilege.ts'
import { Network } from './network/network.ts'

export interface Current {
  world: World
  network: Network
}

/** One for all tests of a suite, which is skipped where the privilege is missing. Set while a test runs. */
export function inNetwork(suite: Mocha.Suite, timeoutMs = TIMEOUT_MS): Current {
  suite.timeout(timeoutMs)
  const current: Partial<Current> = {}
  suite.beforeAll(async function () {
    const missing = await missingPrivilege()
    if (missing != null) {
      process.stdout.write(`    skipped: ${missing}\n`)
      this.skip()
    }
    current.network = await Network.open(NAMES)
    current.world = await World.open(current.network)
  })
  suite.afterEach(async function () {
    await current.network?.heal()
    if (this.currentTest?.state === 'failed') process.stdout.write(`${current.world?.report()}\n`)
  })
  suite.afterAll(async () => {
    try {
      await current.world?.close()
    } finally {
      await current.network?.close()
    }
  })
  return current as Current
}
