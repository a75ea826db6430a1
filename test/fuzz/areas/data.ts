/** src/data and peers/node/data: files of examples, in memory and on disk. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { encode as encodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { readPicture } from '../../../peers/node/data/decode.ts'
import { fileChunks, inspectFile, limited } from '../../../peers/node/data/files.ts'
import { DataError } from '../../../src/data/errors.ts'
import { idxImages, idxUnlabelledImages, readIdx } from '../../../src/data/image/idx.ts'
import { indexTable, loadTable } from '../../../src/data/tabular/table.ts'
import { fitNormalisation, tabularDataset } from '../../../src/data/tabular/normalise.ts'
import { indexText, loadText } from '../../../src/data/text/jsonl.ts'
import {
  chunked,
  idxBytes,
  imageTask,
  memoryReader,
  readRows,
  tabularTask,
  textTask
} from '../../data/helpers.ts'
import { hostileJson } from '../json.ts'
import { damaged, damagedText } from '../mutate.ts'
import { fuzzed, refusedOrUnderstood } from '../property.ts'
import type { LabelledDataset } from '../../../src/data/targets.ts'
import type { FuzzArea } from '../property.ts'

const chunkSize = fc.constantFrom(1, 7, 1 << 16)

/** The file is read alike whether or not it fits into memory. */
async function expectAlike(inMemory: LabelledDataset, onDisk: LabelledDataset): Promise<void> {
  expect(await readRows(inMemory)).to.deep.equal(await readRows(onDisk))
}

const columns = [
  { name: 'age', type: 'number' as const },
  { name: 'sex', type: 'category' as const, values: ['f', 'm'] }
]
const table = tabularTask({ columns, target: 'ill' })
const csvs = [
  'age,sex,ill\n31,f,no\n?,m,yes\n"4,2",f,no\n1e2,"m",yes\n',
  '\ufeffill,sex,age\r\nno,f,1.5\r\n\r\nyes,"m",-3\r\n',
  '"age","sex","ill"\n1,f,"yes"\n2,NA,no'
]
const csv = fuzzed('CSV files', fc.tuple(damagedText(csvs, 3), chunkSize, fc.boolean()), {
  shares: 5,
  judge: async ([text, size, unlabelled]) => {
    const options = { file: 'x.csv', task: table, unlabelled, ...(size === 7 && { where: { sex: 'f' } }) }
    await refusedOrUnderstood({
      errors: [DataError],
      run: async () => await loadTable(chunked(text, size), options),
      accepted: async (raw) => {
        const disk = await indexTable(chunked(text, 5), memoryReader(text), options)
        const fit = await fitNormalisation(
          raw,
          Uint32Array.from({ length: raw.size }, (_, i) => i),
          table.input
        )
        await expectAlike(tabularDataset(raw, table.input, fit), tabularDataset(disk, table.input, fit))
      }
    })
  }
})

const characters = textTask({ length: 8, tokens: { kind: 'characters', alphabet: 'abc é' } })
const words = textTask({ length: 4, tokens: { kind: 'words', buckets: 50 } })
const lines = [
  { text: 'abba', label: 'good', site: 'va' },
  { text: 'Ça va, don’t', label: 'bad', site: 1 },
  { text: '', label: 'good', more: [1, { a: null }] }
]
const jsonl = fc
  .tuple(
    fc.array(hostileJson(lines, 2), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('\n', '\r\n', '\n\n', ' ')
  )
  .map(([each, end]) => each.join(end))

const jsonLines = fuzzed('JSON Lines', fc.tuple(jsonl, chunkSize, fc.boolean()), {
  shares: 4,
  judge: async ([text, size, filtered]) => {
    const task = size === 7 ? words : characters
    const options = { file: 'x.jsonl', task, ...(filtered && { where: { site: 'va' } }) }
    await refusedOrUnderstood({
      errors: [DataError],
      run: async () => await loadText(chunked(text, size), options),
      accepted: async (all) =>
        await expectAlike(all, await indexText(chunked(text, 64), memoryReader(text), options))
    })
  }
})

const images = imageTask()
const idxFiles = [idxBytes([2, 2, 3], new Uint8Array(12).fill(9)), idxBytes([2, 2, 3, 1], new Uint8Array(12))]
const labels = await readIdx(chunked(idxBytes([2], [0, 2])), { file: 'labels', maxBytes: 100 })
const idx = fuzzed('IDX files', fc.tuple(damaged(idxFiles), damaged([idxBytes([2], [0, 2])]), chunkSize), {
  shares: 4,
  judge: async ([bytes, labelBytes, size]) =>
    await refusedOrUnderstood({
      errors: [DataError],
      run: async () => {
        const read = await readIdx(chunked(bytes, size), { file: 'images', maxBytes: 1024 })
        const unlabelled = idxUnlabelledImages(read, images)
        const own = await readIdx(chunked(labelBytes, size), { file: 'labels', maxBytes: 1024 })
        return [unlabelled, idxImages(read, labels, images), idxImages(read, own, images)]
      },
      accepted: async ([a, b]) => {
        expect((await readRows(a)).rows).to.deep.equal((await readRows(b)).rows)
      }
    })
})

const drawn = new PNG({ width: 6, height: 5, filterType: 4 })
drawn.data.forEach((_, i) => (drawn.data[i] = (i * 37) % 256))
const pictures = [
  new Uint8Array(PNG.sync.write(drawn)),
  new Uint8Array(PNG.sync.write(drawn, { colorType: 0 })),
  new Uint8Array(PNG.sync.write(drawn, { colorType: 2, filterType: 1 })),
  new Uint8Array(encodeJpeg({ width: 6, height: 5, data: drawn.data }, 60).data),
  new Uint8Array(encodeJpeg({ width: 17, height: 9, data: Buffer.alloc(17 * 9 * 4, 120) }, 90).data)
]
const input = { ...imageTask({ height: 5, width: 6, channels: 3 }).input }
let folder = ''

const picture = fuzzed('pictures', fc.tuple(damaged(pictures, 3), fc.boolean()), {
  shares: 4,
  judge: async ([bytes, resize]) => {
    const file = join(folder, 'picture')
    await writeFile(file, bytes)
    await refusedOrUnderstood({
      errors: [DataError],
      run: async () => await readPicture(file, { input, resize }, new Uint8Array(5 * 6 * 3))
    })
  }
})

const packed = [gzipSync('age,sex,ill\n1,f,no\n'), gzipSync(new Uint8Array(300_000))].map(
  (b) => new Uint8Array(b)
)
const unpacked = fuzzed('packed files', fc.oneof(damaged(packed), fc.uint8Array()), {
  judge: async (bytes) => {
    const path = join(folder, 'packed')
    await writeFile(path, bytes)
    let total = 0
    await refusedOrUnderstood({
      errors: [DataError],
      run: async () => {
        for await (const { length } of limited(fileChunks(await inspectFile(path)), path, 100_000))
          total += length
      }
    })
    expect(total).to.be.at.most(100_000)
  }
})

export const data: FuzzArea = {
  name: 'data',
  properties: [csv, jsonLines, idx, picture, unpacked],
  before: async () => void (folder = await mkdtemp(join(tmpdir(), 'murmur-fuzz-'))),
  after: async () => await rm(folder, { recursive: true, force: true })
}
