/** How often somebody may do something: a token bucket for each of a bounded number of keys. */

export interface RateLimitsInit {
  /** Tokens each key earns a second. */
  perSecond: number
  /** Tokens a key can have at once: the most it may do in an instant. */
  burst: number
  /** Milliseconds from any fixed origin. */
  nowMs: () => number
  /** The keys remembered; the one unused for longest is forgotten first, and starts full again. */
  maxKeys: number
}

interface Bucket {
  /** Negative while what was reserved waits its turn. */
  tokens: number
  updatedMs: number
}

export class RateLimits {
  readonly #init: RateLimitsInit
  /** In the order of last use, oldest first. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(init: RateLimitsInit) {
    this.#init = init
  }

  /** Take tokens of this key, all or none. False: it has too few left. */
  take(key: string, tokens = 1): boolean {
    const bucket = this.#used(key)
    if (bucket.tokens < tokens) return false
    bucket.tokens -= tokens
    return true
  }

  /** Take one token of this key in any case. Returns how many milliseconds to wait before acting on it. */
  reserve(key: string): number {
    const bucket = this.#used(key)
    bucket.tokens--
    return bucket.tokens >= 0 ? 0 : (-bucket.tokens * 1000) / this.#init.perSecond
  }

  #used(key: string): Bucket {
    const bucket = this.#refilled(key)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    this.#forgetOldest()
    return bucket
  }

  #refilled(key: string): Bucket {
    const { perSecond, burst, nowMs } = this.#init
    const updatedMs = nowMs()
    const bucket = this.#buckets.get(key)
    if (bucket == null) return { tokens: burst, updatedMs }
    const earned = (Math.max(0, updatedMs - bucket.updatedMs) * perSecond) / 1000
    return { tokens: Math.min(burst, bucket.tokens + earned), updatedMs }
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= this.#init.maxKeys) return
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key)
      return
    }
  }
}
