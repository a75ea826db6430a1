/** Training in a worker thread. */
export { TrainingWorkerError } from './errors.ts'
export { startTrainingWorker } from './trainer.ts'
export type { TrainingWorkerInit } from './trainer.ts'
