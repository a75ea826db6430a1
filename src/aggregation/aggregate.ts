/** Updates → one delta → the next model, a stretch of coordinates at a time. */
import { Alignment } from './alignment.ts'
import { withControls } from './controls.ts'
import { Distances } from './distances.ts'
import { serverOptimizer } from './method.ts'
import { momentsIn } from './moments.ts'
import { needsDistances, needsRoot, planOf } from './plan.ts'
import type { ControlStep } from './controls.ts'
import type { Reduction } from './plan.ts'
import type { ServerOptimizer } from './rule.ts'
import type { VectorReader } from '../codecs/index.ts'
import type { AggregationSpec } from '../federation/manifest/schema.ts'
import type { VectorPart } from '../vectors.ts'

export interface WeightedDelta {
  /** The factor of this delta, as `deltaFactors` gives it: its share, and all shares sum to 1, except by FedNova. */
  weight: number
  read: VectorReader
}

export interface AggregationInput {
  aggregation: AggregationSpec
  /** The global model that the deltas are relative to. */
  model: Float32Array
  /** What the server optimizer remembers: so many times the model's length as it has `moments`. */
  moments: Float32Array
  /** From 1 on. */
  round: number
  /** How the common control moves, where members keep controls: it is the last one of `moments`. Default: there is none. */
  controls?: ControlStep | undefined
  /** So many values at the end of the model are averaged and no more, by no optimizer (`untrainedValues`). Default: none. */
  untrained?: number
  /** In the order of the arithmetic: by author id. */
  deltas: readonly WeightedDelta[]
  /** Which of the deltas is that of the member whom the rule trusts (`rootAmong`). Default: it is not among them. */
  root?: number | null
  /** Coordinates worked on at a time; does not change the result. */
  stretch: number
  /** The part of the model that is wanted; default: all of it. A rule that looks at whole vectors has none. */
  part?: VectorPart
  /** Of the round: what all members know alike and nobody knew before its base was committed, e.g. that commit's hash. */
  seed: Uint8Array
}

/** What a round leads to, of the part that was asked for. */
export interface Aggregate {
  model: Float32Array
  /** The server optimizer's vectors, one behind the other, each as long as `model`. */
  moments: Float32Array
}

/**
 * The next global model and what is remembered for the one after it, or the part of both that is asked for. Memory beyond
 * them: one stretch of every delta, and a number for each two of them.
 */
export async function aggregate(input: AggregationInput, signal?: AbortSignal): Promise<Aggregate> {
  if (input.deltas.length === 0) return unmoved(input)
  const { from, to } = partOf(input)
  const { next, move } = mover(input)
  const combined = new Float32Array(Math.min(input.stretch, to - from))
  await combine(input, {
    signal,
    into: (_, length) => combined.subarray(0, length),
    done: move
  })
  return next
}

/** The first half of it: the delta that the updates make together, of the part that is asked for. At least one of them. */
export async function combinedDelta(input: AggregationInput, signal?: AbortSignal): Promise<Float32Array> {
  const { from, to } = partOf(input)
  const combined = new Float32Array(to - from)
  await combine(input, {
    signal,
    into: (start, length) => combined.subarray(start - from, start - from + length),
    done: () => {}
  })
  return combined
}

/** The second half: where that delta, of the same part, leads to. */
export function moveBy(delta: Float32Array, input: MoveInput): Aggregate {
  const { next, move } = mover(input)
  move(delta, partOf(input).from)
  return next
}

/** What the server optimizer goes by. */
export type MoveInput = Pick<
  AggregationInput,
  'aggregation' | 'model' | 'moments' | 'round' | 'controls' | 'untrained' | 'part'
>

/** Stretch by stretch: `into` gives room for one, `done` has it. */
async function combine(
  input: AggregationInput,
  use: {
    signal?: AbortSignal
    into(start: number, length: number): Float32Array
    done(delta: Float32Array, start: number): void
  }
): Promise<void> {
  const { aggregation, deltas, seed } = input
  const weights = deltas.map((delta) => delta.weight)
  const { distances, alignment } = measures(input)
  if (distances != null || alignment != null) {
    for await (const { stretches } of stretchesOf(input, use.signal)) {
      distances?.add(stretches)
      alignment?.add(stretches)
    }
  }
  const reduction = planOf(aggregation, { weights, distances, alignment, seed })
  for await (const { start, end, stretches } of stretchesOf(input, use.signal)) {
    const delta = use.into(start, end - start)
    reduce(reduction, stretches, { out: delta, trained: trainedIn(input, { start, end }) })
    use.done(delta, start)
  }
}

/** What the rule wants to know of whole vectors, to be added up. */
function measures({ aggregation, deltas: { length }, root = null }: MeasuredInput): {
  distances: Distances | null
  alignment: Alignment | null
} {
  return {
    distances: needsDistances(aggregation) ? new Distances(length) : null,
    alignment: needsRoot(aggregation) && root != null ? new Alignment(length, root) : null
  }
}

type MeasuredInput = Pick<AggregationInput, 'aggregation' | 'root'> & { deltas: readonly unknown[] }

/** The first values, which are trained, are combined; the others are averaged. */
function reduce(
  { combine, average }: Reduction,
  deltas: readonly Float32Array[],
  { out, trained }: { out: Float32Array; trained: number }
): void {
  if (trained === out.length) return combine(deltas, out)
  const cut = (from: number, to: number): Float32Array[] => deltas.map((delta) => delta.subarray(from, to))
  combine(cut(0, trained), out.subarray(0, trained))
  average(cut(trained, out.length), out.subarray(trained))
}

/** How many values of a stretch, the first ones, are trained. */
function trainedIn(
  { model, untrained = 0 }: MoveInput,
  { start, end }: { start: number; end: number }
): number {
  return Math.min(Math.max(model.length - untrained - start, 0), end - start)
}

function partOf({ model, part }: MoveInput): VectorPart {
  return part ?? { from: 0, to: model.length }
}

function unmoved(input: MoveInput): Aggregate {
  const { model, moments } = input
  const part = partOf(input)
  const { moments: count } = optimizerOf(input)
  const next = new Float32Array(count * (part.to - part.from))
  momentsIn(moments, count, part).forEach((vector, k) => next.set(vector, k * vector.length))
  return { model: model.slice(part.from, part.to), moments: next }
}

function optimizerOf({ aggregation, controls }: MoveInput): ServerOptimizer {
  const optimizer = serverOptimizer(aggregation.serverOptimizer)
  return controls == null ? optimizer : withControls(optimizer, controls)
}

/** Where the result goes, and the server optimizer's step from combined deltas that begin at a coordinate. */
function mover(input: MoveInput): { next: Aggregate; move(delta: Float32Array, start: number): void } {
  const { model, moments, round } = input
  const { from, to } = partOf(input)
  const optimizer = optimizerOf(input)
  const { moments: count } = optimizer
  const next = { model: new Float32Array(to - from), moments: new Float32Array(count * (to - from)) }
  const move = (delta: Float32Array, start: number): void => {
    const trained = trainedIn(input, { start, end: start + delta.length })
    const whole = { from: start, to: start + trained }
    const own = { from: start - from, to: start - from + trained }
    optimizer.apply({
      round,
      model: model.subarray(whole.from, whole.to),
      delta: delta.subarray(0, trained),
      moments: momentsIn(moments, count, whole),
      next: next.model.subarray(own.from, own.to),
      nextMoments: momentsIn(next.moments, count, own)
    })
    for (let i = trained; i < delta.length; i++) next.model[start - from + i] = model[start + i] + delta[i]
  }
  return { next, move }
}

/** The same of deltas that are in memory as a whole. */
export function aggregateInMemory(
  input: Omit<AggregationInput, 'deltas' | 'stretch' | 'part'> & {
    deltas: readonly { weight: number; delta: Float32Array }[]
  }
): Aggregate {
  const { aggregation, model, seed } = input
  if (input.deltas.length === 0) return unmoved(input)
  const deltas = input.deltas.map(({ delta }) => delta)
  const weights = input.deltas.map(({ weight }) => weight)
  const { distances, alignment } = measures(input)
  distances?.add(deltas)
  alignment?.add(deltas)
  const combined = new Float32Array(model.length)
  const trained = trainedIn(input, { start: 0, end: model.length })
  reduce(planOf(aggregation, { weights, distances, alignment, seed }), deltas, { out: combined, trained })
  return moveBy(combined, input)
}

interface Stretch {
  start: number
  end: number
  /** Of each delta; valid until the next one is asked for. */
  stretches: Float32Array[]
}

async function* stretchesOf(input: AggregationInput, signal?: AbortSignal): AsyncGenerator<Stretch> {
  const { deltas, stretch } = input
  const { from, to } = partOf(input)
  for (let start = from; start < to; start += stretch) {
    signal?.throwIfAborted()
    const end = Math.min(start + stretch, to)
    yield { start, end, stretches: await Promise.all(deltas.map((delta) => delta.read(start, end - start))) }
  }
}
