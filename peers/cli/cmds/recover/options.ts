/** Options of `murmur recover`. */
export interface RecoverFlags {
  reason?: string
  member?: string[]
  out?: string
  follow: boolean
  refuse: boolean
  /** CID of the recovery's commit. */
  commit?: string
  /** A file that `--out` wrote. */
  file?: string
  yes: boolean
}
