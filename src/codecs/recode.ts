/** What others get of a vector. */
import { bytesReader } from './read.ts'
import type { Codec } from './codec.ts'

/** Put what a codec makes of a vector in its place. */
export async function recode(codec: Codec, values: Float32Array): Promise<void> {
  const read = codec.decode(bytesReader(codec.encode(values)), values.length)
  values.set(await read(0, values.length))
}
