/** Options of `murmur doctor`. */
export interface DoctorOptions {
  install: boolean
  yes: boolean
}
