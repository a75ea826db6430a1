/** TCP ports of this machine. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A port that nothing listens on: one that was free a moment ago. */
export async function closedPort(): Promise<number> {
  const { port, release } = await takenPort()
  await release()
  return port
}

/** A port that something listens on until it is released. */
export async function takenPort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const release = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve))
  }
  return { port, release }
}
