import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'

const FILE = fileURLToPath(new URL('../../../peers/cli/murmur.cjs', import.meta.url))

/** Run the launcher as a Node.js of some version would, beside the files that exist. */
async function launch(
  version: string,
  exists: boolean
): Promise<{ told: string; exitCode: number | undefined }> {
  let told = ''
  const process = {
    versions: { node: version },
    execPath: '/usr/bin/node',
    stderr: { write: (text: string) => (told += text) },
    exitCode: undefined as number | undefined
  }
  const modules: Record<string, unknown> = {
    fs: { existsSync: () => exists },
    path: { join: (...parts: string[]) => parts.join('/') },
    url: {}
  }
  const source = (await readFile(FILE, 'utf8')).replace(/^#!.*/, '')
  const globals = {
    process,
    require: (name: string) => modules[name],
    __dirname: '/bin',
    __filename: '/bin/murmur'
  }
  runInNewContext(source, globals)
  return { told, exitCode: process.exitCode }
}

describe('the launcher', () => {
  for (const version of ['12.22.0', '20.11.1', '22.17.9']) {
    it(`says what is needed on Node.js ${version}`, async () => {
      const { told, exitCode } = await launch(version, true)
      expect(exitCode).to.equal(1)
      expect(told)
        .to.contain('needs Node.js 22.18 or newer')
        .and.to.contain(`this is ${version} (/usr/bin/node)`)
    })
  }

  for (const version of ['22.18.0', '24.0.0']) {
    it(`says on Node.js ${version} when the program is missing`, async () => {
      const { told, exitCode } = await launch(version, false)
      expect(exitCode).to.equal(1)
      expect(told).to.contain('the program is missing beside /bin/murmur')
    })
  }
})
