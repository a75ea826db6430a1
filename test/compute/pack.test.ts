import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import * as binary from '../../src/compute/wasm/pack/binary.ts'
import * as helpers from '../../src/compute/wasm/helpers/binary.ts'
import { vectors } from '../../src/compute/vectors/binary.ts'
import { binaryModule, kernels, targetOf } from '../../scripts/pack.ts'

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, 'base64'))

describe('compiled kernels', () => {
  for (const each of kernels) {
    it(`are what their sources compile to, byte by byte: ${each.folder}`, async () => {
      expect(await readFile(targetOf(each), 'utf8')).to.equal(await binaryModule(each))
    }).timeout(120_000)
  }

  it('of helpers import nothing but memory that threads share', async () => {
    for (const base64 of [helpers.simd, helpers.relaxed]) {
      const module = await WebAssembly.compile(bytesOf(base64))
      expect(WebAssembly.Module.imports(module).map(({ name }) => name)).to.deep.equal(['memory'])
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 16_384, shared: true })
      await WebAssembly.instantiate(module, { env: { memory } })
      expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).to.equal(true)
    }
  })

  it('import nothing but memory, of any size, and bring no data of their own', async () => {
    for (const base64 of [binary.simd, binary.relaxed, vectors]) {
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
