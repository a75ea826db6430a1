/**
 * Choosing what computes: each candidate is started and must pass a numeric check of what training will ask of it; of
 * those that do the fastest is used, and why the others were not is kept.
 */
import type { BackendName } from './names.ts'

/** A way to compute. */
export interface BackendCandidate {
  name: string
  /** Make it TensorFlow.js' active backend, for the first time or again. Throws with the reason why it cannot. */
  start(): Promise<void>
  /** Once started: which version of what, for people. */
  version?(): string
  /** The reference, too slow for more: taken only where nothing before it can be. */
  isLastResort?: boolean
}

/** How one candidate fared. */
export interface BackendAttempt {
  name: string
  /** Why it was not used; absent for the one that was. */
  reason?: string
  /** True where nothing is wrong with it: it is just not there. */
  isAbsent?: boolean
  /** It is right, but another trains this model faster: measured now, or known from before. */
  isSlower?: 'measured' | 'known'
  /** Time to start and check it. */
  durationMs: number
}

export interface ChosenBackend {
  name: string
  /** In the order tried, the chosen one among them. */
  attempts: BackendAttempt[]
}

export interface ChooseOptions {
  /** Throws when the active backend, started by `candidate`, computes what it should not. */
  check?(candidate: BackendCandidate): Promise<void>
  /** Milliseconds a training step on the active backend takes. Without it the first that passes is used. */
  measure?(): Promise<number>
  /** Milliseconds, from any origin. */
  now(): number
}

/** No candidate both started and passed its check. The message lists each with its reason. */
export class NoBackendError extends Error {
  static override name = 'NoBackendError'
  readonly attempts: BackendAttempt[]

  constructor(attempts: BackendAttempt[], options?: ErrorOptions) {
    const reasons = attempts.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
    super(`No compute backend passed its self-check (${reasons}). Reinstall, or report the reasons`, options)
    this.name = 'NoBackendError'
    this.attempts = attempts
  }
}

/** The backend that was asked for by name cannot be used. */
export class BackendRefusedError extends Error {
  static override name = 'BackendRefusedError'

  constructor(name: BackendName, reason: string, options?: ErrorOptions) {
    super(
      `Backend '${name}' was asked for and cannot train here: ${reason}. Ask for no backend to train on the best that works, and run murmur doctor to see all`,
      options
    )
    this.name = 'BackendRefusedError'
  }
}

/** Nothing is wrong: a backend is not installed, or has no use here. The message says what would install it. */
export class BackendAbsentError extends Error {
  static override name = 'BackendAbsentError'

  constructor(found: string, advice: string, options?: ErrorOptions) {
    super(`${found}; ${advice}`, options)
    this.name = 'BackendAbsentError'
  }
}

/** A backend is known to be slower for this model than another that is here. */
export class SlowerBackendError extends Error {
  static override name = 'SlowerBackendError'

  constructor(message: string) {
    super(message)
    this.name = 'SlowerBackendError'
  }
}

/**
 * Start the candidates in turn, keep those that pass `check`, and make the fastest of them active.
 *
 * @throws {NoBackendError} none did
 */
export async function chooseBackend(
  candidates: readonly BackendCandidate[],
  options: ChooseOptions
): Promise<ChosenBackend> {
  const attempts: BackendAttempt[] = []
  const trusted: Trusted[] = []
  let cause: unknown
  for (const candidate of candidates) {
    if (trusted.length > 0 && (candidate.isLastResort || options.measure == null)) break
    const { attempt, error } = await tried(candidate, options)
    attempts.push(attempt)
    if (error === undefined) trusted.push({ candidate, attempt })
    else cause = error
  }
  if (trusted.length === 0) throw new NoBackendError(attempts, { cause })
  const { candidate } = await fastest(trusted, options)
  await candidate.start()
  return { name: candidate.name, attempts }
}

/** `error` is undefined when the candidate passed. */
async function tried(
  candidate: BackendCandidate,
  { check, now }: ChooseOptions
): Promise<{ attempt: BackendAttempt; error?: unknown }> {
  const { name } = candidate
  const startedAt = now()
  try {
    await candidate.start()
    await check?.(candidate)
    return { attempt: { name, durationMs: now() - startedAt } }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const why = kindOf(error)
    return { attempt: { name, reason, ...why, durationMs: now() - startedAt }, error: error ?? reason }
  }
}

function kindOf(error: unknown): Pick<BackendAttempt, 'isAbsent' | 'isSlower'> {
  if (error instanceof BackendAbsentError) return { isAbsent: true }
  return error instanceof SlowerBackendError ? { isSlower: 'known' } : {}
}

interface Trusted {
  candidate: BackendCandidate
  attempt: BackendAttempt
}

/** The others get a reason: they passed, and are slower. */
async function fastest(trusted: Trusted[], { measure }: ChooseOptions): Promise<Trusted> {
  if (trusted.length === 1 || measure == null) return trusted[0]
  const timed: { each: Trusted; ms: number }[] = []
  for (const each of trusted) {
    await each.candidate.start()
    timed.push({ each, ms: await measure() })
  }
  const best = timed.reduce((a, b) => (b.ms < a.ms ? b : a))
  for (const { each, ms } of timed) {
    if (each === best.each) continue
    const times = `${ms.toFixed(2)} ms a step, ${best.each.candidate.name} ${best.ms.toFixed(2)}`
    each.attempt.isSlower = 'measured'
    each.attempt.reason = `passed its check, but is slower: ${times}`
  }
  return best.each
}
