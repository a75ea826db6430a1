/** What a bad link does to the packets that are sent over it. */
export interface Weather {
  /** Of the packets, at random; in [0, 1). */
  lossShare: number
  delayMs: number
  mbitPerSecond: number
  /** Of what is lost, where the relay decides it. */
  seed: number
}
