/**
 * What client algorithms add to gradients before the optimizer gets them. The losses that training reports are without it.
 * w₀ is the model that the round began with.
 *
 * FedProx (Li et al. 2020, arXiv 1812.06127, equation 2): mu · (w − w₀), as mu / 2 · ‖w − w₀‖² is added to the loss.
 * FedDyn (Acar et al. 2021, arXiv 2111.04263, equation 1): α · (w − w₀ + h), h being this member's control.
 * SCAFFOLD (Karimireddy et al. 2020, arXiv 1910.06378, equation 3): c − c_i, which is the control of a job.
 */
import { keep, mul, reshape, sub, tensor, tidy, variable, zeros } from '@tensorflow/tfjs-core'
import { tensorUpdates } from '../compute/updates.ts'
import type { Updates } from '../compute/updates.ts'
import type { TrainingSpec } from '../federation/manifest/schema.ts'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'

/** What a client algorithm makes of gradients before the optimizer gets them. */
export interface ClientTerm {
  /** Aligned with the weights; good until the next call. */
  added(gradients: readonly (Tensor | null)[]): (Tensor | null)[]
  /** How plain SGD of this rate gets where it does by `added` without gradients that are written down; null where it cannot. */
  halves(rate: number): Halves | null
  dispose(): void
}

/** A step of plain SGD: every weight moves by `rate` times the gradient of the loss, then `rest` does what is left. */
export interface Halves {
  rate: number
  rest(): void
}

/**
 * The term of a round that begins with these weights' present values; null where there is none.
 *
 * @param controls - of each weight, as long as it (src/training/controls.ts); null: zeros
 */
export function clientTerm(
  client: TrainingSpec['client'],
  weights: readonly Variable[],
  controls: readonly Float32Array[] | null = null
): ClientTerm | null {
  switch (client.name) {
    case 'fedprox':
      return pullTerm(weights, { pull: client.mu, towards: copies(weights) })
    case 'feddyn':
      return pullTerm(weights, { pull: client.alpha, towards: before(weights, controls) })
    case 'scaffold':
      return controls == null ? null : shiftTerm(weights, controls)
    default:
      return null
  }
}

/** The most that a step's rest may shrink a weight's way: beyond it, what the gradient's half is scaled by would round too much. */
const MOST_SHRUNK = 0.5

/** Adds pull · (w − towards). */
function pullTerm(
  weights: readonly Variable[],
  { pull, towards }: { pull: number; towards: readonly Tensor[] }
): ClientTerm {
  return termOf(weights, {
    kept: towards,
    add: (updates, { out, gradient, i }) =>
      updates.proximal(out, gradient, { w: weights[i], anchor: towards[i], mu: pull }),
    // w − r·(g + p·(w − t)) = (1 − r·p)·(w − r / (1 − r·p)·g) + r·p·t
    halves: (updates, rate) => {
      const shrunk = rate * pull
      if (shrunk > MOST_SHRUNK) return null
      const rest = (): void =>
        weights.forEach((w, i) => updates.proximal(w, w, { w, anchor: towards[i], mu: -shrunk }))
      return { rate: rate / (1 - shrunk), rest }
    }
  })
}

/** Adds the same each step. */
function shiftTerm(weights: readonly Variable[], controls: readonly Float32Array[]): ClientTerm {
  const shifts = controls.map((control) => tidy(() => keep(tensor(control.slice()))))
  const nothing = new Scratch(weights)
  return termOf(weights, {
    kept: [...shifts, nothing],
    add: (updates, { out, gradient, i }) =>
      updates.proximal(out, gradient, { w: shifts[i], anchor: nothing.of(i), mu: 1 }),
    halves: (updates, rate) => ({
      rate,
      rest: () => weights.forEach((w, i) => updates.sgd(w, shifts[i], rate))
    })
  })
}

/** A vector of zeros as long as each weight, made when it is first asked for: steps by halves need none. */
class Scratch {
  readonly #weights: readonly Variable[]
  readonly #made: Variable[] = []

  constructor(weights: readonly Variable[]) {
    this.#weights = weights
  }

  of(i: number): Variable {
    return (this.#made[i] ??= tidy(() => variable(zeros([this.#weights[i].size]), false)))
  }

  dispose(): void {
    this.#made.forEach((one) => one.dispose())
  }
}

interface Addition {
  /** What it needs, until the end. */
  kept: readonly { dispose(): void }[]
  /** Of one weight. A gradient's memory may be shared with another's: the sum goes elsewhere. */
  add(updates: Updates, to: { out: Variable; gradient: Tensor; i: number }): void
  halves(updates: Updates, rate: number): Halves | null
}

function termOf(weights: readonly Variable[], { kept, add, halves }: Addition): ClientTerm {
  const updates = tensorUpdates()
  const sums = new Scratch(weights)
  return {
    added: (gradients) =>
      gradients.map((gradient, i) => {
        if (gradient == null) return null
        const out = sums.of(i)
        add(updates, { out, gradient, i })
        return out
      }),
    halves: (rate) => halves(updates, rate),
    dispose() {
      for (const one of [...kept, sums]) one.dispose()
    }
  }
}

/** Weights move in place. */
function copies(weights: readonly Variable[]): Tensor[] {
  return weights.map((weight) => tidy(() => keep(reshape(mul(weight, 1), [weight.size]))))
}

function before(weights: readonly Variable[], controls: readonly Float32Array[] | null): Tensor[] {
  if (controls == null) return copies(weights)
  return weights.map((weight, i) =>
    tidy(() => keep(sub(reshape(weight, [weight.size]), tensor(controls[i].slice()))))
  )
}
