/**
 * Client algorithms that remember: SCAFFOLD (Karimireddy et al. 2020, arXiv 1910.06378, Algorithm 1 with option II) and
 * FedDyn (Acar et al. 2021, arXiv 2111.04263, Algorithm 1). Each member keeps a vector, its own *control*, and all keep one
 * in common, which is the mean of the members' own: zeros for whoever never trained.
 *
 * By SCAFFOLD a member's own control c_i is the mean of the gradients that it saw last. What it changes by follows from the
 * update: c_i⁺ = c_i − c − Δ_i / s_i, s_i being what its steps add up to times the learning rate (K·η where each step
 * counts once). By FedDyn it is the sum h_i of all its updates, −1/α of the paper's ∇L_i: h_i⁺ = h_i + Δ_i. So updates
 * need not carry it, and what all have in common moves by the combined delta alone. With Δ that delta, S of N members having
 * trained, and s the mean of the s_i:
 *
 *     SCAFFOLD   c⁺ = (1 − S/N)·c − (S/N)·Δ / s        x⁺ = x + Δ
 *     FedDyn     h⁺ = h + (S/N)·Δ                      x⁺ = x + Δ + h⁺
 *
 * where Δ is the plain mean of FedDyn's updates, and of SCAFFOLD's that of Δ_i / s_i times s, as by FedNova: with steps that
 * are alike, the plain mean too. Arithmetic as that of rules.
 */
import { meanLength } from './nova.ts'
import { power } from './power.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { Claim } from './nova.ts'
import type { OptimizerStep, ServerOptimizer } from './rule.ts'

type ClientName = TrainingSpec['client']['name']

/** How the common control moves in a round. */
export interface ControlStep {
  client: 'scaffold' | 'feddyn'
  /** The share of the common control that still is the mean of its members' own: their number may have changed since. */
  kept: number
  /** S/N: those whose updates count, of those that could have trained. */
  turnout: number
  /** s: what the steps of a member that counts add up to, on average, times the learning rate. */
  span: number
}

/** Does this algorithm keep controls? */
export function keepsControls(name: ClientName): name is ControlStep['client'] {
  return name === 'scaffold' || name === 'feddyn'
}

/** What a round's common control is worked out from. */
export interface ControlInput {
  training: TrainingSpec
  /** From 1 on. */
  round: number
  /** Of those that count. */
  claims: readonly Claim[]
  /** All that could have trained. */
  members: number
  kept: number
}

/** The step of a round; undefined by an algorithm that keeps no controls. */
export function controlStep({
  training,
  round,
  claims,
  members,
  kept
}: ControlInput): ControlStep | undefined {
  const { name } = training.client
  if (!keepsControls(name)) return undefined
  return { client: name, kept, turnout: claims.length / members, span: spanOf(training, { round, claims }) }
}

/** s of these claims: the learning rate of the round, times what their steps add up to on average. */
export function spanOf(
  training: TrainingSpec,
  { round, claims }: { round: number; claims: readonly Claim[] }
): number {
  if (training.client.name !== 'scaffold') return 1
  const { learningRate, learningRateDecay } = training
  return learningRate * power(learningRateDecay, round - 1) * meanLength(claims, training)
}

/** A server optimizer that moves the common control as well: the last one of what it remembers. */
export function withControls(optimizer: ServerOptimizer, step: ControlStep): ServerOptimizer {
  const { client, kept, turnout, span } = step
  const apply = (at: OptimizerStep): void => {
    const [common, next] = [at.moments[optimizer.moments], at.nextMoments[optimizer.moments]]
    const moments = at.moments.slice(0, optimizer.moments)
    const nextMoments = at.nextMoments.slice(0, optimizer.moments)
    if (client === 'scaffold') {
      for (let i = 0; i < next.length; i++)
        next[i] = (1 - turnout) * kept * common[i] - (turnout * at.delta[i]) / span
      optimizer.apply({ ...at, moments, nextMoments })
      return
    }
    const delta = new Float32Array(next.length)
    for (let i = 0; i < next.length; i++) {
      next[i] = kept * common[i] + turnout * at.delta[i]
      delta[i] = at.delta[i] + next[i]
    }
    optimizer.apply({ ...at, delta, moments, nextMoments })
  }
  return { name: client, moments: optimizer.moments + 1, apply }
}
