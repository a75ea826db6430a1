/** The committed model in use. */
export { NoPersonalModelError, readPersonal, savePersonal } from './personal.ts'
export { describeModel, evaluateOn, exportModel, predictExamples } from './use.ts'
export type { KeptModel } from './personal.ts'
export type * from './types.ts'
