/**
 * How gossipsub is to be set up for a federation: few and small messages that must arrive at once.
 *
 * Spec: https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md
 */
import { sha256 } from 'multiformats/hashes/sha2'
import { MAX_OUTBOUND_BYTES, MAX_RPC_BYTES } from './constants.ts'

/** Gossipsub's score parameters of a topic (all are required to be present). */
export interface TopicScore {
  topicWeight: number
  timeInMeshWeight: number
  timeInMeshQuantum: number
  timeInMeshCap: number
  firstMessageDeliveriesWeight: number
  firstMessageDeliveriesDecay: number
  firstMessageDeliveriesCap: number
  meshMessageDeliveriesWeight: number
  meshMessageDeliveriesDecay: number
  meshMessageDeliveriesCap: number
  meshMessageDeliveriesThreshold: number
  meshMessageDeliveriesWindow: number
  meshMessageDeliveriesActivation: number
  meshFailurePenaltyWeight: number
  meshFailurePenaltyDecay: number
  invalidMessageDeliveriesWeight: number
  invalidMessageDeliveriesDecay: number
}

/** Sent in whole seconds. */
const PRUNE_BACKOFF_MS = 2000

/** The part of gossipsub's options that a federation fixes; assignable to `Partial<GossipsubOpts>`. */
export interface RoundsGossipOptions {
  globalSignaturePolicy: 'StrictNoSign'
  msgIdFn: (message: { data: Uint8Array }) => Promise<Uint8Array>
  allowedTopics: string[]
  floodPublish: boolean
  batchPublish: boolean
  fallbackToFloodsub: boolean
  doPX: boolean
  emitSelf: boolean
  allowPublishToZeroTopicPeers: boolean
  ignoreDuplicatePublishError: boolean
  Dout: number
  pruneBackoff: number
  maxInboundDataLength: number
  maxOutboundBufferSize: number
  scoreParams: {
    topics: Record<string, TopicScore>
    IPColocationFactorWeight: number
    behaviourPenaltyThreshold: number
  }
}

/**
 * One rejected message costs 10, three cost 90: below −80 a peer is not listened to, until the count has decayed for
 * some ten seconds. Members are quiet most of the time, so silence (P3) costs nothing.
 */
const topicScore: TopicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 50,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.9,
  meshMessageDeliveriesCap: 10,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.9,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.9
}

/** The options for a federation whose topic is `topic` (see `roundsTopic`). */
export function gossipOptions(topic: string): RoundsGossipOptions {
  return {
    // Records are signed by their authors already; the id follows from the content, so nobody can occupy another's.
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: async ({ data }) => (await sha256.digest(data)).digest,
    allowedTopics: [topic],
    // To every subscriber at once instead of hop by hop through the mesh: a vote must not wait.
    floodPublish: true,
    batchPublish: true,
    // Meshes exist only where a connection lacks (relaying.ts): no outbound quota, and asking again soon.
    Dout: 0,
    pruneBackoff: PRUNE_BACKOFF_MS,
    fallbackToFloodsub: false,
    // Members find each other by their own peer exchange, which knows who is a member.
    doPX: false,
    emitSelf: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    maxInboundDataLength: MAX_RPC_BYTES,
    maxOutboundBufferSize: MAX_OUTBOUND_BYTES,
    scoreParams: {
      topics: { [topic]: topicScore },
      // Members of one lab share an address, and certificates already keep strangers out.
      IPColocationFactorWeight: 0,
      // A machine that was suspended breaks a few promises; that is no attack.
      behaviourPenaltyThreshold: 6
    }
  }
}
