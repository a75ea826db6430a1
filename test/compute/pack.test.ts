import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import * as binary from '../../src/compute/wasm/pack/binary.ts'
import { packModule, TARGET } from '../../scripts/pack.ts'

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, 'base64'))

describe('the kernel pack', () => {
  it('is what its sources compile to, byte by byte', async () => {
    expect(await readFile(TARGET, 'utf8')).to.equal(await packModule())
  }).timeout(120_000)

  it('imports nothing but memory, of any size, and brings no data of its own', async () => {
    for (const base64 of [binary.simd, binary.relaxed]) {
      const module = await WebAssembly.compile(bytesOf(base64))
      expect(WebAssembly.Module.imports(module)).to.deep.equal([
        { module: 'env', name: 'memory', kind: 'memory' }
      ])
      const memory = new WebAssembly.Memory({ initial: 1 })
      new Uint8Array(memory.buffer).fill(7)
      await WebAssembly.instantiate(module, { env: { memory } })
      expect(new Uint8Array(memory.buffer).every((byte) => byte === 7)).to.equal(true)
    }
  })
})
