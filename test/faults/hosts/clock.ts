/** Setting the clock of one peer's host, and of nobody else. */
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import type { MurmurProcess } from '../../e2e/process.ts'
import type { World } from '../../e2e/world.ts'

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts')).href
/** Far below any jump worth a test, far above how late an event is read. */
const NEAR_MS = 60_000
const fileOf = (name: string): string => `${name}.clock`

/** Environment with which a peer is started whose clock is to be set later. */
export async function settableClock(world: World, name: string): Promise<Record<string, string>> {
  const file = await world.write(fileOf(name), '0')
  return { NODE_OPTIONS: `--import=${PRELOAD}`, SHIFTED_CLOCK: file }
}

/** From now on the peer's host is so far from the true time. Resolves once the peer tells its times accordingly (those of commits are their proposers'). */
export async function setClock(world: World, peer: MurmurProcess, shiftMs: number): Promise<void> {
  await world.write(fileOf(peer.name), String(shiftMs))
  peer.child.kill('SIGUSR2')
  const isShifted = (time: unknown): boolean => Math.abs(Number(time) - Date.now() - shiftMs) < NEAR_MS
  await peer.next('round:start', ({ time }) => isShifted(time))
}
