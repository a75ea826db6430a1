/** A network for peers: each in a namespace of its own, all on one bridge, which can be cut in two. */
import { startRelay } from './relay.ts'
import { Namespace } from './namespace.ts'
import type { Relay } from './relay.ts'
import type { Weather } from './weather.ts'

/** Of addresses that are nobody's; they are seen in these namespaces only. */
const addressOf = (index: number): string => `10.23.0.${index + 1}`
const hardwareOf = (index: number): string => `02:00:00:00:00:${(index + 1).toString(16).padStart(2, '0')}`

export class Network {
  readonly names: readonly string[]
  readonly #switch: Namespace
  readonly #peers = new Map<string, Namespace>()
  /** Peer → the interface that is put on a bridge. */
  readonly #ports = new Map<string, string>()
  #relay: Relay | undefined

  private constructor(names: readonly string[], center: Namespace) {
    this.names = names
    this.#switch = center
  }

  /** Build one for these peers. @throws {CommandError} */
  static async open(names: readonly string[]): Promise<Network> {
    const network = new Network(names, await Namespace.open())
    try {
      await network.#build()
      return network
    } catch (error) {
      await network.close()
      throw error
    }
  }

  /** What to put before a command to run it on this peer's machine. */
  command(name: string): string[] {
    return this.on(name).command()
  }

  /** Where a peer listens. */
  listen(name: string): string {
    return `/ip4/${addressOf(this.names.indexOf(name))}/tcp/0`
  }

  /** This peer's machine. */
  on(name: string): Namespace {
    const found = this.#peers.get(name)
    if (found == null) throw new Error(`There is no ${name} in this network, only ${this.names.join(', ')}`)
    return found
  }

  /** Cut these off from the others; among themselves they stay connected. Packets get lost, nobody is told. */
  async split(names: readonly string[]): Promise<void> {
    await this.#plug(names, 'away')
  }

  /** Connect everybody again. */
  async heal(): Promise<void> {
    await this.#plug(this.names, 'here')
  }

  /** From now on what each peer sends meets this weather. Returns how it is made. @throws {CommandError} */
  async worsen(weather: Weather): Promise<string> {
    if (await this.#hasNetem()) {
      const { lossShare, delayMs, mbitPerSecond } = weather
      const rules = `loss ${lossShare * 100}% delay ${delayMs}ms rate ${mbitPerSecond}mbit limit 1000`
      for (const peer of this.#peers.values())
        await peer.run(`tc qdisc add dev eth0 root netem ${rules}`.split(' '))
      return 'netem'
    }
    await this.#layLines()
    const lines = this.names.map((_, i): [string, string] => [`port${i}`, `line${i}`])
    this.#relay = await startRelay(this.#switch, lines, weather)
    return 'a packet relay, as this kernel has no netem'
  }

  async close(): Promise<void> {
    await this.#relay?.stop()
    for (const peer of this.#peers.values()) await peer.close()
    await this.#switch.close()
  }

  async #build(): Promise<void> {
    await this.#switch.ip(
      ['here', 'away'].flatMap((side) => [`link add ${side} type bridge`, `link set ${side} up`])
    )
    for (const [i, name] of this.names.entries()) {
      const peer = await Namespace.open(this.#switch)
      this.#peers.set(name, peer)
      this.#ports.set(name, `port${i}`)
      await this.#switch.ip([
        `link add port${i} type veth peer name eth0 address ${hardwareOf(i)} netns ${peer.pid}`,
        `link set port${i} up`
      ])
      await peer.ip(this.#peerLines(i))
    }
    await this.heal()
  }

  /** Who is where is written down: to ask for a peer that is cut off would tell at once that it is. */
  #peerLines(self: number): string[] {
    const others = [...this.names.keys()].filter((i) => i !== self)
    return [
      'link set lo up',
      // A packet is a packet: what is lost and delayed must not be 64 KiB at a time.
      'link set eth0 up gso_max_segs 1',
      `addr add ${addressOf(self)}/24 dev eth0`,
      ...others.map((i) => `neigh add ${addressOf(i)} lladdr ${hardwareOf(i)} dev eth0 nud permanent`)
    ]
  }

  async #plug(names: readonly string[], side: 'here' | 'away'): Promise<void> {
    await this.#switch.ip(names.map((name) => `link set ${this.#ports.get(name)} master ${side}`))
  }

  async #hasNetem(): Promise<boolean> {
    try {
      await this.#switch.run('tc qdisc add dev lo root netem delay 1ms'.split(' '))
      return true
    } catch {
      return false
    }
  }

  /** Between each port and its bridge a second pair of interfaces, for the relay to stand in the middle. */
  async #layLines(): Promise<void> {
    for (const [i, name] of this.names.entries()) {
      this.#ports.set(name, `wall${i}`)
      await this.#switch.ip([
        `link add line${i} type veth peer name wall${i}`,
        `link set line${i} up`,
        `link set wall${i} up`,
        `link set port${i} nomaster`
      ])
    }
    await this.heal()
  }
}
