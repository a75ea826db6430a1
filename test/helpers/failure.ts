/** Await a failure and check its class; the assertion fails when the promise resolves. */
export async function failure<E extends Error>(
  promise: Promise<unknown>,
  type: new (...args: never[]) => E
): Promise<E> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    if (error instanceof type) return error
    throw new Error(`Expected ${type.name}, got: ${String(error)}`, { cause: error })
  }
  throw new Error(`Expected ${type.name}, but it resolved with ${String(value)}`)
}
