/** What package.json promises to those who install it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

const root = join(import.meta.dirname, '..')
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'))
const manifest = readJson('package.json') as {
  bin: Record<string, string>
  files: string[]
  exports: Record<string, { types: string; import: string }>
}
const { include } = readJson('tsconfig.build.json') as { include: string[] }

/** What the build makes `dist/<path>.js` and `dist/<path>.d.ts` of. */
const sourceOf = (target: string): string =>
  target.replace(/^\.\/dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts')

describe('package.json', () => {
  it('exports modules that the build makes and the package contains', () => {
    const targets = Object.values(manifest.exports).flatMap(({ types, import: module }) => [types, module])
    expect(targets).to.have.length.of.at.least(4)
    for (const target of targets) {
      const source = sourceOf(target)
      expect(existsSync(join(root, source)), source).to.equal(true)
      expect(include, source).to.include(source.split('/')[0])
      expect(
        manifest.files.some((path) => target.startsWith(`./${path}/`)),
        target
      ).to.equal(true)
    }
  })

  it('contains its command', () => {
    for (const file of Object.values(manifest.bin)) {
      expect(existsSync(join(root, file)), file).to.equal(true)
      expect(manifest.files).to.include(file)
    }
  })

  it('exports the core without any platform', async () => {
    const core = await import('../src/index.ts')
    const { parseManifestYaml, manifestTemplate, planFor, layoutOf, initialWeights } = core
    const manifest = parseManifestYaml(manifestTemplate('digits'))
    const layout = layoutOf(planFor(manifest))
    expect(layout.size).to.equal(199_210)
    expect(initialWeights(layout, 1)).to.have.length(layout.size)
  })

  it('exports the peer and what a founder needs', async () => {
    const library = await import('../peers/node/index.ts')
    const names = 'createPeer foundFederation joinFederation knock readInvite parseManifestYaml exportModel'
    expect(library).to.include.all.keys(names.split(' '))
  })
})
