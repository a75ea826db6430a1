import { join } from 'node:path'
import { expect } from 'chai'
import { openData } from '../../../peers/node/data/index.ts'
import { expectFault, idxBytes, readRows } from '../../data/helpers.ts'
import { gzip, imageManifest, jpeg, png, temporaryFolder } from './helpers.ts'
import type { Folder } from './helpers.ts'

const digits = imageManifest({ height: 2, width: 2, labels: ['a', 'b', 'c'] })
const levels = (values: number[]): number[] => values.map((value) => Math.round(value * 255))

/** n images of 2 × 2 whose pixels all are their index, and labels 0 1 2 0 1 2 … */
function idxPair(n: number): { images: Uint8Array; labels: Uint8Array } {
  return {
    images: idxBytes(
      [n, 2, 2],
      Array.from({ length: n * 4 }, (_, i) => Math.floor(i / 4))
    ),
    labels: idxBytes(
      [n],
      Array.from({ length: n }, (_, i) => i % 3)
    )
  }
}

async function writeIdx(
  folder: Folder,
  prefix: string,
  options: { n: number; packed?: boolean }
): Promise<string> {
  const { images, labels } = idxPair(options.n)
  const [pack, suffix] = options.packed ? [gzip, '.gz'] : [(bytes: Uint8Array) => bytes, '']
  await folder.write(`${prefix}-labels-idx1-ubyte${suffix}`, pack(labels))
  return folder.write(`${prefix}-images-idx3-ubyte${suffix}`, pack(images))
}

let folder: Folder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

describe('peers/node/data: IDX', () => {
  for (const packed of [true, false]) {
    it(`finds the MNIST family in a directory, ${packed ? 'packed' : 'unpacked'}`, async () => {
      await writeIdx(folder, 'train', { n: 12, packed })
      await writeIdx(folder, 't10k', { n: 6, packed })
      const { train, test } = await openData({ path: folder.path }, digits)
      expect([train.size, test.size, train.shape]).to.deep.equal([12, 6, [2, 2, 1]])
      const { rows, targets } = await readRows(train, [4])
      expect([levels(rows[0]), targets]).to.deep.equal([[4, 4, 4, 4], [1]])
    })
  }

  it('opens an images file with the labels beside it', async () => {
    const path = await writeIdx(folder, 'mine', { n: 10 })
    const { train, test } = await openData({ path }, digits)
    expect([train.size, test.size]).to.deep.equal([9, 1])
  })

  it('takes held-out data from another place', async () => {
    const path = await writeIdx(folder, 'mine', { n: 10 })
    await writeIdx(folder, 't10k', { n: 6 })
    await writeIdx(folder, 'train', { n: 3 })
    const { train, test } = await openData({ path, testPath: folder.path }, digits)
    expect([train.size, test.size]).to.deep.equal([10, 6])
  })

  it('leaves on disk what exceeds the memory allowed', async () => {
    await writeIdx(folder, 'train', { n: 30 })
    const [memory, disk] = [
      await openData({ path: folder.path }, digits),
      await openData({ path: folder.path, maxMemoryBytes: 100 }, digits)
    ]
    expect(disk.train.read(new Uint32Array(1), new Float32Array(4), new Float32Array(1))).to.be.a('promise')
    expect(await readRows(disk.train)).to.deep.equal(await readRows(memory.train))
    expect(await readRows(disk.test)).to.deep.equal(await readRows(memory.test))
  })

  it('asks to unpack what is packed and exceeds the memory allowed', async () => {
    await writeIdx(folder, 'train', { n: 30, packed: true })
    const opened = openData({ path: folder.path, maxMemoryBytes: 100 }, digits)
    await expectFault(opened, { expected: 'at most 100 bytes', hint: 'gunzip' })
  })

  it('refuses a file on disk whose length is not what its header says', async () => {
    const path = await writeIdx(folder, 'train', { n: 30 })
    await folder.write('train-images-idx3-ubyte', idxPair(30).images.subarray(0, 130))
    await expectFault(openData({ path, maxMemoryBytes: 100 }, digits), {
      expected: '136 bytes',
      found: '130'
    })
  })

  it('names a damaged gzip file', async () => {
    const path = await writeIdx(folder, 'train', { n: 12, packed: true })
    const whole = gzip(idxPair(12).images)
    await folder.write('train-images-idx3-ubyte.gz', whole.subarray(0, whole.length - 12))
    await expectFault(openData({ path }, digits), { file: path, expected: 'a whole gzip file' })
  })

  it('names the missing labels file', async () => {
    const path = await folder.write('x-images-idx3-ubyte', idxPair(2).images)
    await expectFault(openData({ path }, digits), {
      file: join(folder.path, 'x-labels-idx1-ubyte'),
      found: 'nothing of that name'
    })
  })

  it('refuses files that are not images by name', async () => {
    const path = await folder.write('x.csv', '1,2')
    await expectFault(openData({ path }, digits), { file: path, expected: 'idx3' })
  })
})

describe('peers/node/data: folders of pictures', () => {
  async function fill(prefix = ''): Promise<void> {
    await folder.write(`${prefix}a/1.png`, png(2, 2, [10, 10, 10]))
    await folder.write(`${prefix}a/2.PNG`, png(2, 2, [20, 20, 20]))
    await folder.write(`${prefix}c/1.jpg`, jpeg(2, 2, 200))
    await folder.write(`${prefix}c/notes.txt`, 'not a picture')
    await folder.write(`${prefix}.hidden/1.png`, 'no')
  }
  const open = (options: object = {}, manifest = digits): ReturnType<typeof openData> =>
    openData({ path: folder.path, ...options }, manifest)
  const noHoldout = { ...digits, training: { ...digits.training, holdout: 0 } }

  it('reads PNG and JPEG by the name of their folder, in order', async () => {
    await fill()
    const { train, test } = await open({}, noHoldout)
    const { rows, targets } = await readRows(train)
    expect([train.size, test.size, targets]).to.deep.equal([3, 0, [0, 0, 2]])
    expect(rows.map((row) => levels(row)[0])).to.deep.equal([10, 20, 200])
  })

  it('uses train and test folders', async () => {
    await fill('train/')
    await folder.write('test/b/9.png', png(2, 2, [1, 2, 3]))
    const { train, test } = await open()
    expect([train.size, [...test.targets]]).to.deep.equal([3, [1]])
  })

  it('reads colour', async () => {
    await folder.write('b/1.png', png(1, 1, [10, 20, 30]))
    const colour = imageManifest({ height: 1, width: 1, channels: 3, labels: ['a', 'b'] })
    const { train } = await open({}, colour)
    expect(levels((await readRows(train)).rows[0])).to.deep.equal([10, 20, 30])
  })

  it('decodes when read what exceeds the memory allowed', async () => {
    await fill()
    const [memory, disk] = [await open({}, noHoldout), await open({ maxMemoryBytes: 5 }, noHoldout)]
    expect(disk.train.read(new Uint32Array(1), new Float32Array(4), new Float32Array(1))).to.be.a('promise')
    expect(await readRows(disk.train, [2, 0, 1, 0])).to.deep.equal(await readRows(memory.train, [2, 0, 1, 0]))
  })

  it('refuses another size, unless told to resize', async () => {
    const file = await folder.write('a/big.png', png(6, 4, [50, 50, 50]))
    const error = await expectFault(open(), { file, expected: '2 × 2', found: '4 × 6', hint: 'resize' })
    expect(error.message).to.include('big.png')
    const { train } = await open({ resize: true })
    expect(levels((await readRows(train)).rows[0])).to.deep.equal([50, 50, 50, 50])
  })

  it('names a folder that is no label', async () => {
    await folder.write('z/1.png', png(2, 2, [0, 0, 0]))
    await expectFault(open(), { file: join(folder.path, 'z'), expected: 'a, b, c', found: '"z"' })
  })

  it('names damaged pictures', async () => {
    const whole = png(2, 2, [0, 0, 0])
    const file = await folder.write('a/1.png', whole.subarray(0, whole.length - 20))
    await expectFault(open(), { file, expected: 'a whole PNG' })
    await folder.write('a/1.png', whole.subarray(0, 10))
    await expectFault(open(), { file, expected: 'a whole PNG' })
    await folder.write('a/1.png', 'GIF89a')
    await expectFault(open(), { file, byteOffset: 0, expected: 'PNG or JPEG', found: '47 49 46 38' })
    await folder.write('a/1.png', '')
    await expectFault(open(), { file, found: 'no bytes' })
    await folder.write('a/1.png', jpeg(2, 2, 9).subarray(0, 100))
    await expectFault(open(), { file, expected: 'a whole JPEG' })
  })

  it('refuses pictures that would fill the memory, before unpacking them', async () => {
    const bomb = Buffer.from(png(2, 2, [0, 0, 0]))
    bomb.writeUInt32BE(100_000, 16)
    bomb.writeUInt32BE(100_000, 20)
    const file = await folder.write('a/1.png', bomb)
    await expectFault(open(), { file, found: '100000 × 100000 pixels' })
  })

  it('says what it looked for in a directory without pictures', async () => {
    await expectFault(open(), { file: folder.path, expected: 'train-images-idx3-ubyte', found: 'no folders' })
    await folder.write('a/notes.txt', '')
    await expectFault(open(), { found: 'no pictures in a' })
  })
})
