/**
 * The port that a peer may choose: that of last time. Invites and the other members' notes name it; with another one
 * a federation whose members all restart would not find itself again.
 */
import { createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'

/** Any port will do. */
const ANY = /\/tcp\/0(?=\/|$)/

/** The addresses to listen on: the first that leaves the port open gets the one of last time, if it is free. */
export async function withUsualPort(listen: readonly string[], lastPort?: number): Promise<string[]> {
  const open = listen.findIndex((address) => ANY.test(address))
  if (open === -1 || lastPort == null) return [...listen]
  const usual = listen[open].replace(ANY, `/tcp/${lastPort}`)
  return (await isFree(usual)) ? listen.with(open, usual) : [...listen]
}

/** The TCP port that is listened on, of the addresses in use. */
export function tcpPortOf(addresses: readonly string[]): number | undefined {
  const ports = addresses.map((address) => Number(componentOf(address, 'tcp')))
  return ports.find((port) => port > 0)
}

async function isFree(address: string): Promise<boolean> {
  const host = componentOf(address, 'ip4') ?? componentOf(address, 'ip6')
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  server.once('error', () => resolve(false))
  server.listen({ host, port: Number(componentOf(address, 'tcp')), exclusive: true }, () => {
    server.close(() => resolve(true))
  })
  return await promise
}

function componentOf(address: string, name: string): string | undefined {
  return multiaddr(address)
    .getComponents()
    .find((component) => component.name === name)?.value
}
