/** What must hold for every hostile input: it is refused with a known error or accepted and understood, soon and cheaply. */
import fc from 'fast-check'
import { parameters, tally } from './runs.ts'
import type { Effort } from './runs.ts'

/** One thing that is fuzzed. */
export interface FuzzProperty {
  name: string
  /** How many of the inputs it gets: 1 by default, less where one input costs more. */
  shares: number
  check(effort: Effort): Promise<void>
}

/** The fuzzed part of a folder. */
export interface FuzzArea {
  name: string
  properties: FuzzProperty[]
  before?(): Promise<void>
  after?(): Promise<void>
}

type ErrorClass = abstract new (...args: never[]) => Error

export interface Expectation<T> {
  /** The only errors that may come of it. */
  errors: readonly ErrorClass[]
  run: () => T | Promise<T>
  /** Looks at what was accepted, e.g. that it survives being written and read again. */
  accepted?: (value: T) => void | Promise<void>
}

/** Processor time that one input may cost: several hundred times what the slowest takes. */
const MAX_CPU_MS = 3_000
/** Time that passes before an input counts as one that never ends. */
const MAX_WAIT_MS = 15_000
/** Memory outside of the heap that one input may take: claims of a GiB are to fail before they are believed. */
const MAX_BUFFER_BYTES = 128 * 1024 * 1024
/** What a log or a terminal can bear. */
const MAX_MESSAGE_CHARACTERS = 4_096

/** Define a property over an arbitrary. */
export function fuzzed<T>(
  name: string,
  input: fc.Arbitrary<T>,
  { shares = 1, judge }: { shares?: number; judge: (input: T) => Promise<void> | void }
): FuzzProperty {
  const check = async (effort: Effort): Promise<void> => {
    const property = fc.asyncProperty(input, async (value) => {
      tally.inputs++
      await bounded(async () => await judge(value))
    })
    await fc.assert(property, parameters<[T]>(effort, shares))
  }
  return { name, shares, check }
}

/** Run it: an error must be one of `errors`, with a message that can be printed. */
export async function refusedOrUnderstood<T>({ errors, run, accepted }: Expectation<T>): Promise<void> {
  let value: T
  try {
    value = await run()
  } catch (error) {
    return checkError(error, errors)
  }
  tally.accepted++
  await accepted?.(value)
}

function checkError(error: unknown, errors: readonly ErrorClass[]): void {
  if (!(error instanceof Error) || !errors.some((type) => error instanceof type)) {
    const names = errors.map(({ name }) => name).join(', ')
    throw new Error(`Expected ${names}, got ${String(error)}`, { cause: error })
  }
  if (error.message.length > MAX_MESSAGE_CHARACTERS) {
    throw new Error(`A message of ${error.message.length} characters: ${error.message.slice(0, 200)}…`)
  }
  if (/[^\P{Cc}\n\t]/u.test(error.message)) {
    throw new Error(`A message that a terminal would obey: ${JSON.stringify(error.message)}`)
  }
}

async function bounded(work: () => Promise<void>): Promise<void> {
  const buffers = process.memoryUsage().arrayBuffers
  const before = process.cpuUsage()
  await unlessEndless(work())
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1000
  if (cpuMs > MAX_CPU_MS) throw new Error(`It cost ${Math.round(cpuMs)} ms of processor time`)
  const taken = process.memoryUsage().arrayBuffers - buffers
  if (taken > MAX_BUFFER_BYTES) throw new Error(`It took ${taken} bytes of buffers`)
}

async function unlessEndless(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`It did not end in ${MAX_WAIT_MS} ms`)), MAX_WAIT_MS)
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
