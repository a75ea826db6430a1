import { expect } from 'chai'
import {
  fetchedImages,
  imageBytes,
  memoryImages,
  normalisationTable
} from '../../../src/data/image/images.ts'
import { resize, writeChannels } from '../../../src/data/image/pixels.ts'
import { imageTask, readRows } from '../helpers.ts'
import type { Picture } from '../../../src/data/image/pixels.ts'

const { input } = imageTask({ height: 1, width: 2, channels: 3, normalisation: { mean: 0.5, std: 0.25 } })
const pixels = Uint8Array.from([0, 255, 51, 102, 153, 204, 5, 10, 15, 20, 25, 30])

/** A grey picture: one value a pixel. */
function grey(width: number, values: number[]): Picture {
  return {
    width,
    height: values.length / width,
    rgba: Uint8Array.from(values.flatMap((v) => [v, v, v, 255]))
  }
}

function greys({ rgba }: Picture): number[] {
  return Array.from(rgba.filter((_, i) => i % 4 === 0))
}

describe('data/image/images', () => {
  it('normalises bytes as the manifest says', () => {
    const table = normalisationTable(input)
    expect([table[0], table[255]]).to.deep.equal([-2, 2])
    expect(table[51]).to.be.closeTo((0.2 - 0.5) / 0.25, 1e-6)
    expect(imageBytes(input)).to.equal(6)
  })

  it('reads by index, in any order, from memory as from elsewhere', async () => {
    const targets = Float32Array.of(2, 1)
    const memory = memoryImages(input, pixels, targets)
    const fetched = fetchedImages(input, targets, async (indices, out) => {
      await Promise.resolve()
      indices.forEach((index, i) => out.set(pixels.subarray(index * 6, index * 6 + 6), i * 6))
    })
    expect(memory.shape).to.deep.equal([1, 2, 3])
    const wanted = await readRows(memory, [1, 0, 1])
    expect(wanted.targets).to.deep.equal([1, 2, 1])
    expect(wanted.rows[1].slice(0, 2)).to.deep.equal([-2, 2])
    expect(await readRows(fetched, [1, 0, 1])).to.deep.equal(wanted)
  })

  it('reads from memory without a promise', () => {
    const memory = memoryImages(input, pixels, Float32Array.of(2, 1))
    expect(memory.read(Uint32Array.of(0), new Float32Array(6), new Float32Array(1))).to.equal(undefined)
  })

  it('passes on why fetching failed', async () => {
    const broken = fetchedImages(input, Float32Array.of(0), () => Promise.reject(new Error('disk gone')))
    const failure = await readRows(broken).catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(Error).with.property('message', 'disk gone')
  })
})

describe('data/image/pixels', () => {
  const colours: Picture = { width: 2, height: 1, rgba: Uint8Array.of(255, 0, 0, 255, 10, 20, 30, 255) }

  it('writes grey by luma and keeps RGB', () => {
    const [one, three] = [new Uint8Array(2), new Uint8Array(6)]
    writeChannels(colours, 1, one)
    writeChannels(colours, 3, three)
    expect([...one]).to.deep.equal([76, 18])
    expect([...three]).to.deep.equal([255, 0, 0, 10, 20, 30])
  })

  it('keeps grey as it is', () => {
    const values = Array.from({ length: 256 }, (_, i) => i)
    const out = new Uint8Array(256)
    writeChannels(grey(16, values), 1, out)
    expect([...out]).to.deep.equal(values)
  })

  it('puts what is transparent on black', () => {
    const out = new Uint8Array(1)
    writeChannels({ width: 1, height: 1, rgba: Uint8Array.of(200, 200, 200, 0) }, 1, out)
    expect([...out]).to.deep.equal([0])
  })

  it('shrinks by the mean of the area', () => {
    const picture = grey(4, [0, 100, 200, 200, 100, 200, 200, 200])
    expect(greys(resize(picture, { width: 2, height: 1 }))).to.deep.equal([100, 200])
  })

  it('shrinks by a ratio that is no integer', () => {
    expect(greys(resize(grey(3, [0, 90, 240]), { width: 2, height: 1 }))).to.deep.equal([30, 190])
    for (const [from, to] of [
      [7, 3],
      [28, 9],
      [10, 7]
    ]) {
      const flat = grey(from, new Array<number>(from).fill(77))
      expect(greys(resize(flat, { width: to, height: 1 }))).to.deep.equal(new Array(to).fill(77))
    }
  })

  it('enlarges by bilinear interpolation', () => {
    expect(greys(resize(grey(2, [0, 100]), { width: 4, height: 1 }))).to.deep.equal([0, 25, 75, 100])
  })

  it('gives the size asked for', () => {
    const { width, height, rgba } = resize(grey(3, [1, 2, 3, 4, 5, 6]), { width: 5, height: 1 })
    expect([width, height, rgba.length]).to.deep.equal([5, 1, 20])
  })
})
