/** Mocha around a world: one for each test, or one for all tests of a suite. */
import { World } from './world.ts'

/** Real processes on a busy machine take their time; a test that hangs still ends. */
export const TIMEOUT_MS = 180_000

/** A fresh world for each test. The property is set while a test runs. */
export function inWorlds(suite: Mocha.Suite): { world: World } {
  suite.timeout(TIMEOUT_MS)
  const current = {} as { world: World }
  suite.beforeEach(async () => void (current.world = await World.open()))
  suite.afterEach(async function () {
    tellFailure(this.currentTest, current.world)
    await current.world.close()
  })
  return current
}

/** One world for a suite whose tests follow each other. */
export function inOneWorld(suite: Mocha.Suite): { world: World } {
  suite.timeout(TIMEOUT_MS)
  const current = {} as { world: World }
  suite.beforeAll(async () => void (current.world = await World.open()))
  suite.afterEach(function () {
    tellFailure(this.currentTest, current.world)
  })
  suite.afterAll(async () => await current.world.close())
  return current
}

function tellFailure(test: Mocha.Test | undefined, world: World): void {
  if (test?.state === 'failed') process.stdout.write(`${world.report()}\n`)
}
