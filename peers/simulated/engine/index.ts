/** Histories with real engines: signatures, promises, the engine's own code. */
export { playEngines } from './play.ts'
export { EngineStage } from './stage.ts'
export type { EngineOutcome } from './play.ts'
