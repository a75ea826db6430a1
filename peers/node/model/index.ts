/** The committed model in use. */
export { describeModel, evaluateOn, exportModel, predictExamples } from './use.ts'
export type * from './types.ts'
