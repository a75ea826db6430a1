/**
 * Finding the members, and staying connected to them: whom others tell of, whom the local network shows, whom the ledger
 * admits. What worked is remembered for the next start.
 */
import { dialable, peerIdIn, withPeerId } from './addresses.ts'
import type { Inquiry } from './inquiry.ts'
import type { Links } from './links.ts'
import type { SilenceWatch } from './silence.ts'
import type { MemberNode } from './member-node.ts'
import type { AdmissionEvents, AdmittedMember, LedgerHead } from '../../../protocols/admission/index.ts'
import type { Libp2pEvents } from '@libp2p/interface'

export interface ContactsInit {
  node: MemberNode
  links: Links
  inquiry: Pick<Inquiry, 'begin' | 'stop'>
  silence: Pick<SilenceWatch, 'start' | 'stop'>
  /** Multiaddrs with peer ids, to dial first. */
  bootstrap: string[]
  /** Keep addresses of members for the next start. */
  remember(addresses: string[]): void
  /** The members connected now, and those of them that answer, after every change. */
  onMembers(peers: string[], answering: string[]): void
  /** How long to wait for a member that is connected and does not answer. */
  patienceMs(peerId: string): number
  onMember(peerId: string, connected: boolean): void
  /** How far the ledger of a member is that was just connected. */
  onHead(peerId: string, head: LedgerHead): void
  onRefused(refusal: { peerId: string; code: string; message: string; local: boolean }): void
}

export class Contacts {
  readonly #init: ContactsInit
  readonly #abort = new AbortController()
  /** Connected, and not answering. */
  #mute: ReadonlySet<string> = new Set()

  constructor(init: ContactsInit) {
    this.#init = init
  }

  /** Begin to listen and to dial; the node is started. */
  start(): void {
    const { node, silence, bootstrap } = this.#init
    const { signal } = this.#abort
    const { admission } = node.services
    admission.addEventListener('member', (event) => this.#onMember(event), { signal })
    admission.addEventListener('member:gone', (event) => this.#onGone(event), { signal })
    admission.addEventListener('refused', (event) => this.#onRefused(event), { signal })
    node.addEventListener('peer:discovery', (event) => this.#onDiscovery(event), { signal })
    // Also of those that were never admitted: a refusal, or a busy moment, need not be for ever.
    node.addEventListener('peer:disconnect', ({ detail }) => this.#init.links.lost(detail.toString()), {
      signal
    })
    silence.start({
      patienceMs: (peerId) => this.#init.patienceMs(peerId),
      onMute: (peers) => {
        this.#mute = peers
        this.#tellMembers(this.#members())
      }
    })
    for (const address of bootstrap) this.meet(peerIdIn(address), [address])
  }

  stop(): void {
    this.#abort.abort()
    this.#init.inquiry.stop()
    this.#init.silence.stop()
    this.#init.links.stop()
  }

  /** Somebody whom others, or the local network, name as a member: tried a few times. Admission decides. */
  hear(peerId: string, addresses: readonly string[]): void {
    this.#init.links.hear(peerId, addresses)
  }

  /** Those whom the ledger names: dialled until connected, and where nobody told where they are, others are asked. */
  seek(peerIds: Iterable<string>): void {
    for (const peerId of peerIds) this.#init.links.want(peerId)
    this.#init.inquiry.begin()
  }

  /** Somebody whom the person named, or who is a member: dialled until connected. Admission decides. */
  meet(peerId: string, addresses: readonly string[]): void {
    this.#init.links.learn(peerId, addresses)
    this.#init.links.want(peerId)
  }

  #onMember({ detail }: AdmissionEvents['member']): void {
    const peerId = detail.peerId.toString()
    this.meet(peerId, detail.addresses)
    this.#init.links.met(peerId)
    for (const known of detail.peers) this.hear(known.peerId, known.addresses)
    this.#init.onMember(peerId, true)
    this.#changed()
    if (detail.head != null) this.#init.onHead(peerId, detail.head)
  }

  #onGone({ detail }: AdmissionEvents['member:gone']): void {
    const peerId = detail.peerId.toString()
    this.#init.onMember(peerId, false)
    this.#changed()
  }

  #onRefused({ detail }: AdmissionEvents['refused']): void {
    const { peerId, code, message, local } = detail
    this.#init.onRefused({ peerId: peerId.toString(), code, message, local })
  }

  #onDiscovery({ detail }: Libp2pEvents['peer:discovery']): void {
    this.hear(detail.id.toString(), detail.multiaddrs.map(String))
  }

  #changed(): void {
    const members = this.#members()
    this.#tellMembers(members)
    this.#init.remember(
      members.flatMap(({ peerId, addresses }) =>
        dialable(addresses, peerId.toString()).map((address) => withPeerId(address, peerId.toString()))
      )
    )
  }

  #members(): AdmittedMember[] {
    return this.#init.node.services.admission.members()
  }

  #tellMembers(members: readonly AdmittedMember[]): void {
    const peers = members.map(({ peerId }) => peerId.toString())
    const answering = peers.filter((peerId) => !this.#mute.has(peerId))
    this.#init.onMembers(peers, answering)
  }
}
