/** Options of `murmur demo`. */
export interface DemoOptions {
  data?: string
  rounds: number
  peers: number
  keep: boolean
}
