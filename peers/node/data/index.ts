/** A peer's data, from what its owner names to what training reads. */
export { describeData } from './describe.ts'
export { openExamples } from './examples.ts'
export { openData } from './open.ts'
export type { OpenedData } from './open.ts'
