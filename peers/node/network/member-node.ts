/** A member's libp2p node: admission first, every other protocol behind it. */
import { gossipsub } from '@libp2p/gossipsub'
import { admission, admissionGater, membersOnly } from '../../../protocols/admission/index.ts'
import { blocks } from '../../../protocols/blocks/index.ts'
import { ledger } from '../../../protocols/ledger/index.ts'
import { gossipOptions, roundsTopic } from '../../../protocols/rounds/index.ts'
import { createNode } from './libp2p.ts'
import type { BaseServices } from './libp2p.ts'
import type { Traffic } from './counted.ts'
import type { Admission, AdmissionComponents, AdmissionSource } from '../../../protocols/admission/index.ts'
import type { Judge } from '../../../protocols/common/conduct.ts'
import type { Blocks, BlocksComponents, BlocksInit } from '../../../protocols/blocks/index.ts'
import type { LedgerComponents, LedgerProtocol, LedgerSource } from '../../../protocols/ledger/index.ts'
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { ComponentLogger, Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'

/** Enough of the federation's id to tell its members from others on the same network. */
const MDNS_TAG_CHARACTERS = 16

export interface MemberServices extends ServiceMap {
  admission: Admission
  blocks: Blocks
  ledger: LedgerProtocol
  pubsub: GossipSub
}

export type MemberNode = Libp2p<BaseServices & MemberServices>

export interface MemberNodeInit {
  key: PrivateKey
  listen: string[]
  mdns: boolean
  logger: ComponentLogger
  traffic: Traffic
  admission: AdmissionSource
  ledger: LedgerSource
  blocks: BlocksInit
  /** Revoked, or banned by this peer. */
  isUnwelcome(peerId: string): boolean
  judge: Judge
}

/** Components of a service that only members may use. */
type Behind<C> = C & Pick<AdmissionComponents, 'registrar' | 'connectionManager'> & { admission: Admission }

/** Create the node; it does nothing before its `start()`. */
export async function createMemberNode(init: MemberNodeInit): Promise<MemberNode> {
  const { federation } = init.admission
  let gate: Admission | undefined
  return await createNode<MemberServices>({
    key: init.key,
    listen: init.listen,
    mdnsTag: init.mdns ? `_murmur-${federation.toString().slice(-MDNS_TAG_CHARACTERS)}._udp.local` : null,
    gater: admissionGater({
      isUnwelcome: init.isUnwelcome,
      backoffMs: (peerId) => gate?.backoffMs(peerId) ?? 0
    }),
    logger: init.logger,
    traffic: init.traffic,
    services: {
      admission: (components: AdmissionComponents) =>
        (gate = admission({ source: init.admission })(components)),
      blocks: (components: Behind<BlocksComponents>) =>
        blocks({ ...init.blocks, judge: init.judge })(membersOnly(components, components.admission)),
      ledger: (components: Behind<LedgerComponents>) =>
        ledger({ source: init.ledger, judge: init.judge })(membersOnly(components, components.admission)),
      pubsub: (components: Behind<GossipSubComponents>) =>
        gossipsub(gossipOptions(roundsTopic(federation)))(
          membersOnly(components, components.admission, { refuse: 'abort' })
        )
    }
  })
}
