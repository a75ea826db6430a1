/** Options of `murmur demo`. */
import type { BackendName } from '../../../../src/compute/names.ts'

export interface DemoOptions {
  data?: string
  rounds: number
  peers: number
  keep: boolean
  backend?: BackendName
  threads?: number
}
