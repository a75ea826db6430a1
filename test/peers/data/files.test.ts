import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { detectSources, detectTestSource } from '../../../peers/node/data/detect.ts'
import { fileChunks, fileReader, inspectFile, limited } from '../../../peers/node/data/files.ts'
import { openData } from '../../../peers/node/data/index.ts'
import { joinBytes } from '../../../src/data/bytes.ts'
import { chunked, expectFault, readRows } from '../../data/helpers.ts'
import { gzip, imageManifest, manifestOf, temporaryFolder } from './helpers.ts'
import type { ByteChunks } from '../../../src/data/bytes.ts'
import type { Folder } from './helpers.ts'

let folder: Folder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

async function collect(chunks: ByteChunks): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return new TextDecoder().decode(joinBytes(parts))
}

/** Files of a folder that this process holds open; undefined where the system does not tell. */
async function openFiles(path: string): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined
  const handles = await readdir('/proc/self/fd')
  const targets = await Promise.all(handles.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(path))
}

describe('peers/node/data/files', () => {
  const content = 'a line of text\n'.repeat(50_000)

  it('streams a file, packed or not', async () => {
    const plain = await inspectFile(await folder.write('a.txt', content))
    const packed = await inspectFile(await folder.write('a.txt.gz', gzip(content)))
    expect([plain.packed, packed.packed, plain.sizeBytes]).to.deep.equal([false, true, content.length])
    expect(await collect(fileChunks(plain))).to.equal(content)
    expect(await collect(fileChunks(packed))).to.equal(content)
  })

  it('goes by the first bytes, not by the name', async () => {
    const file = await inspectFile(await folder.write('a.csv', gzip(content)))
    expect(file.packed).to.equal(true)
    expect((await inspectFile(await folder.write('empty', ''))).packed).to.equal(false)
  })

  it('names a file that went away', async () => {
    const path = join(folder.path, 'gone')
    const chunks = collect(fileChunks({ path, sizeBytes: 1, packed: false }))
    await expectFault(chunks, { file: path, found: 'nothing of that name' })
    await expectFault(inspectFile(path), { file: path })
    await expectFault(collect(fileChunks({ path, sizeBytes: 1, packed: true })), { file: path })
  })

  it('reads ranges, short ones at the end', async () => {
    const path = await folder.write('a.txt', '0123456789')
    const parts = await fileReader(path).read([
      { offset: 7, length: 10 },
      { offset: 0, length: 2 },
      { offset: 20, length: 3 }
    ])
    expect(parts.map((part) => new TextDecoder().decode(part))).to.deep.equal(['789', '01', ''])
  })

  it('leaves no file open, even when reading stops early', async () => {
    const plain = await inspectFile(await folder.write('a.txt', content))
    const packed = await inspectFile(await folder.write('a.gz', gzip(content)))
    for (const file of [plain, packed]) {
      await expectFault(collect(limited(fileChunks(file), 'a', 1000)), { expected: 'at most 1000 bytes' })
    }
    await fileReader(plain.path).read([{ offset: 0, length: 5 }])
    // Node closes destroyed streams a turn or more later; each look is an asynchronous turn in itself.
    let open = await openFiles(folder.path)
    for (let turn = 0; turn < 1000 && open?.length; turn++) open = await openFiles(folder.path)
    expect(open ?? []).to.deep.equal([])
  })

  it('passes on what is within the limit', async () => {
    expect(await collect(limited(chunked('abcdef', 2), 'a', 6))).to.equal('abcdef')
  })
})

describe('peers/node/data/detect', () => {
  const { task } = imageManifest({ height: 2, width: 2, labels: ['train', 'test'] })

  it('pairs images with labels under both spellings of the MNIST names', async () => {
    await folder.write('train-images.idx3-ubyte', '')
    await folder.write('t10k-images.idx3-ubyte', '')
    const { train, test } = await detectSources(folder.path, task)
    const pair = (prefix: string): object => ({
      kind: 'idx',
      images: join(folder.path, `${prefix}-images.idx3-ubyte`),
      labels: join(folder.path, `${prefix}-labels.idx1-ubyte`)
    })
    expect([train, test]).to.deep.equal([pair('train'), pair('t10k')])
    expect(await detectTestSource(folder.path, task)).to.deep.equal(pair('t10k'))
  })

  it('takes folders named train and test as classes, where they are labels', async () => {
    await folder.write('train/1.png', '')
    await folder.write('test/1.png', '')
    expect(await detectSources(folder.path, task)).to.deep.equal({
      train: { kind: 'folder', folder: folder.path }
    })
  })

  it('refuses IDX files of which none is for training', async () => {
    await folder.write('mine-images-idx3-ubyte', '')
    const fault = { file: folder.path, expected: 'train-images-idx3-ubyte', found: 'mine-images' }
    await expectFault(detectSources(folder.path, task), fault)
  })
})

describe('peers/node/data: larger than memory', () => {
  const rows = 20_000
  const line = (i: number): string =>
    `${i},"a note, with ""quotes"" and\na newline",${i % 3 ? 'no' : 'yes'}\n`
  const manifest = manifestOf({
    kind: 'classification',
    labels: ['no', 'yes'],
    input: { kind: 'tabular', columns: [{ name: 'x', type: 'number', mean: 0, std: 1 }], target: 'y' }
  })

  it('reads any rows of a file of many chunks', async () => {
    const content = 'x,note,y\n' + Array.from({ length: rows }, (_, i) => line(i)).join('')
    const path = await folder.write('big.csv', content)
    const { train, test } = await openData({ path, maxMemoryBytes: 64 * 1024 }, manifest)
    expect([train.size, test.size]).to.deep.equal([18_000, 2000])
    const wanted = [17_999, 0, 9000, 1, 12_345]
    const read = await readRows(train, wanted)
    const values = read.rows.flat()
    expect(values).to.deep.equal([...values].map(Math.round))
    expect(read.targets).to.deep.equal(values.map((value) => (value % 3 ? 0 : 1)))
    expect(values[0]).to.be.above(values[4])
    expect(values[4]).to.be.above(values[2])
  })
})
