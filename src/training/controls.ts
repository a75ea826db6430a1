/**
 * A member's own control (src/aggregation/controls.ts): what it corrects its gradients by, and what it is after an update
 * that counted. It goes by what was sent, as decoded: so the common control stays the mean of the members' own whatever
 * the codec.
 */
import { keepsControls, spanOf } from '../aggregation/index.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'

/** The controls that a round begins with, each as long as the model. */
export interface Controls {
  /** What all have in common, as it is kept. */
  common: Float32Array
  /** The share of it that is still the mean of the members' own. */
  kept: number
  /** This member's; null: zeros. */
  own: Float32Array | null
}

/** What goes with a training job: by SCAFFOLD c − c_i, by FedDyn this member's own. Null: zeros, or nothing at all. */
export function jobControl(
  { name }: TrainingSpec['client'],
  { common, kept, own }: Controls
): Float32Array | null {
  if (!keepsControls(name)) return null
  if (name === 'feddyn') return own
  if (own == null && kept === 0) return null
  return common.map((c, i) => kept * c - (own?.[i] ?? 0))
}

/** What an update is to its author's own control. */
export interface SentDelta {
  training: TrainingSpec
  /** From 1 on. */
  round: number
  /** As claimed, and capped. */
  samples: number
  /** As the others decode it. */
  delta: Float32Array
}

/** The own control once this update has counted: a new vector. */
export function ownAfter({ common, kept, own }: Controls, sent: SentDelta): Float32Array {
  const { training, round, samples, delta } = sent
  if (training.client.name === 'feddyn') return delta.map((value, i) => (own?.[i] ?? 0) + value)
  const span = spanOf(training, { round, claims: [{ weight: 1, samples }] })
  return delta.map((value, i) => (own?.[i] ?? 0) - kept * common[i] - value / span)
}
