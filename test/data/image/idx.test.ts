import { expect } from 'chai'
import { idxImages, idxImagesOnDisk, parseIdxHeader, readIdx } from '../../../src/data/image/idx.ts'
import { chunked, expectFault, idxBytes, imageTask, memoryReader, readRows } from '../helpers.ts'
import type { IdxArray } from '../../../src/data/image/idx.ts'

const task = imageTask({ normalisation: { mean: 0, std: 1 / 255 } })
const pixels = Array.from({ length: 18 }, (_, i) => i * 10)
const imageFile = idxBytes([3, 2, 3], pixels)
const labelFile = idxBytes([3], [2, 0, 1])

function read(bytes: Uint8Array, size = 5, maxBytes = 1000): Promise<IdxArray> {
  return readIdx(chunked(bytes, size), { file: 'f', maxBytes })
}

describe('data/image/idx', () => {
  it('reads a file, however it is cut', async () => {
    for (const size of [1, 3, 4, 15, 16, 17, 20, 33, 1000]) {
      const { dimensions, values } = await read(imageFile, size)
      expect(dimensions).to.deep.equal([3, 2, 3])
      expect([...values]).to.deep.equal(pixels)
    }
  })

  it('asks for more bytes until the header is whole', () => {
    expect(parseIdxHeader(imageFile.subarray(0, 3), 'f')).to.equal(undefined)
    expect(parseIdxHeader(imageFile.subarray(0, 15), 'f')).to.equal(undefined)
    expect(parseIdxHeader(imageFile, 'f')).to.deep.equal({
      dimensions: [3, 2, 3],
      headerBytes: 16,
      valueBytes: 18
    })
  })

  it('makes a data set of images and labels', async () => {
    const dataset = idxImages(await read(imageFile), await read(labelFile), task)
    expect([dataset.size, dataset.shape]).to.deep.equal([3, [2, 3, 1]])
    const { rows, targets } = await readRows(dataset)
    expect(targets).to.deep.equal([2, 0, 1])
    expect(rows.flat().map(Math.round)).to.deep.equal(pixels)
  })

  it('reads images from disk alike', async () => {
    const labels = await read(labelFile)
    const header = parseIdxHeader(imageFile, 'f')
    if (header == null) throw new Error('the header is whole')
    const disk = idxImagesOnDisk({ ...header, file: 'f', reader: memoryReader(imageFile) }, labels, task)
    const memory = idxImages(await read(imageFile), labels, task)
    expect(await readRows(disk, [2, 0, 1, 2])).to.deep.equal(await readRows(memory, [2, 0, 1, 2]))
  })

  it('names the offset where a file on disk has become too short', async () => {
    const header = parseIdxHeader(imageFile, 'f')
    if (header == null) throw new Error('the header is whole')
    const reader = memoryReader(imageFile.subarray(0, 30))
    const disk = idxImagesOnDisk({ ...header, file: 'f', reader }, await read(labelFile), task)
    await expectFault(readRows(disk), { file: 'f', byteOffset: 30, expected: '34 bytes' })
  })

  it('takes colour images', async () => {
    const colour = imageTask({ height: 1, width: 2, channels: 3 })
    const images = await read(idxBytes([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]))
    expect(idxImages(images, await read(idxBytes([1], [0])), colour).shape).to.deep.equal([1, 2, 3])
  })

  it('takes numbers to predict instead of classes', async () => {
    const regression = imageTask({}, { kind: 'regression', labels: [] })
    const dataset = idxImages(await read(imageFile), await read(idxBytes([3], [200, 0, 7])), regression)
    expect([...dataset.targets]).to.deep.equal([200, 0, 7])
  })

  it('refuses other magic numbers', async () => {
    const gzip = Uint8Array.of(0x1f, 0x8b, 8, 0, 0)
    await expectFault(read(gzip), { file: 'f', byteOffset: 0, expected: '00 00 08', found: '1f 8b 08 00' })
    const floats = Uint8Array.from(imageFile).fill(0x0d, 2, 3)
    await expectFault(read(floats), { byteOffset: 0, found: '00 00 0d 03' })
    await expectFault(read(Uint8Array.of(0, 0, 8, 9)), { byteOffset: 0 })
  })

  it('says where a file is cut short', async () => {
    await expectFault(read(imageFile.subarray(0, 20)), {
      byteOffset: 20,
      expected: '34 bytes',
      hint: 'download'
    })
    await expectFault(read(imageFile.subarray(0, 9)), { byteOffset: 9, expected: '16 bytes' })
    await expectFault(read(new Uint8Array(0)), { byteOffset: 0, expected: '4 bytes' })
  })

  it('says where a file should have ended', async () => {
    const longer = Uint8Array.of(...imageFile, 1)
    for (const size of [3, 100])
      await expectFault(read(longer, size), { byteOffset: 34, found: 'more bytes' })
  })

  it('refuses a header that announces too much, before it takes the memory', async () => {
    const lying = idxBytes([0xffffffff, 0xffff, 0xffff], [])
    await expectFault(read(lying), { byteOffset: 4, expected: 'at most 1000 bytes', hint: 'gunzip' })
  })

  it('refuses images of another shape than the manifest', async () => {
    const square = await read(idxBytes([1, 2, 2], [1, 2, 3, 4]))
    const labels = await read(idxBytes([1], [0]))
    const fault = { file: 'f', byteOffset: 4, expected: 'images of 2 × 3', found: '1 × 2 × 2' }
    await expectFault(
      Promise.resolve().then(() => idxImages(square, labels, task)),
      fault
    )
  })

  it('refuses labels that are not as many, not labels, or not in the manifest', async () => {
    const images = await read(imageFile)
    const attempt = async (labels: Uint8Array): Promise<unknown> =>
      idxImages(images, await read(labels), task)
    await expectFault(attempt(idxBytes([2], [0, 1])), { byteOffset: 4, expected: '3 labels', found: '2' })
    await expectFault(attempt(imageFile), { expected: 'one dimension', found: '3 × 2 × 3' })
    await expectFault(attempt(idxBytes([3], [0, 3, 1])), { byteOffset: 9, expected: '0, 1, 2', found: '"3"' })
  })
})
