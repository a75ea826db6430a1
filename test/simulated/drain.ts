/** Lets all promises settle that can: one turn of the event loop. */
export async function drain(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
