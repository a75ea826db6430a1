/** What the documents say exists: code that type-checks, files, npm scripts, commands and their options. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dirname, join, relative, resolve } from 'node:path'
import { expect } from 'chai'
import { commands } from '../../peers/cli/cmds/index.ts'
import { buildProgram } from '../../peers/cli/program.ts'
import { parseMarkdown } from './markdown.ts'
import { typeErrors } from './type-check.ts'
import type { Mention } from './markdown.ts'
import type { CommandContext } from '../../peers/cli/context.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The documents at the root and in docs/. */
const documents = ['.', 'docs']
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, ...parseMarkdown(readFileSync(join(root, file), 'utf8')) }))

const scripts = Object.keys(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts
)
const program = buildProgram({ version: '0', stdout: { columns: 80 } } as unknown as CommandContext, () => {})

/** A code span that names a file or folder of this repository: below one of its folders, or a file at its root. */
const PATH =
  /^(\.\/)?(((src|protocols|peers|test|examples|scripts|docs|\.ci)\/[\w./-]*)|[\w.-]+\.md|(package|tsconfig[\w.]*)\.json|[\w.]+\.config\.js)$/

/** Shell lines (without their comments) and code spans, where commands are named. */
const shell = documents.flatMap(({ file, blocks, spans }) => [
  ...spans.map((span) => ({ ...span, file })),
  ...blocks
    .filter(({ language }) => ['sh', 'bash', 'console', ''].includes(language))
    .flatMap(({ text, line }) =>
      text.split('\n').map((one, i) => ({ text: one.replace(/(^|\s)#.*/, ''), line: line + 1 + i, file }))
    )
])

const place = ({ file, line, text }: Mention & { file: string }): string => `${file}:${line}: ${text}`

describe('the documents', () => {
  it('are there', () => {
    const names = documents.map(({ file }) => file)
    expect(names).to.include.members(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])
  })

  it('name files and folders that exist', () => {
    const named = documents.flatMap(({ file, spans, links }) => [
      ...spans.filter(({ text }) => PATH.test(text)).map((span) => ({ ...span, file, path: span.text })),
      ...links
        .filter(({ text }) => !/^(https?:|mailto:|#)/.test(text))
        .map((link) => ({ ...link, file, path: relative(root, resolve(root, dirname(file), link.text)) }))
    ])
    expect(named.length).to.be.greaterThan(50)
    const missing = named.filter(({ path }) => !existsSync(join(root, path.split('#')[0])))
    expect(missing.map(place)).to.deep.equal([])
  })

  it('name npm scripts that exist', () => {
    const known = new Set([...scripts, 'ci', 'i', 'install', 'pack'])
    const named = shell.flatMap((mention) =>
      [...mention.text.matchAll(/\bnpm (?:run )?([\w:-]+)/g)].map(([, script]) => ({ ...mention, script }))
    )
    expect(named.length).to.be.greaterThan(5)
    expect(named.filter(({ script }) => !known.has(script)).map(place)).to.deep.equal([])
  })

  it('name commands of murmur, and options, that exist', () => {
    const named = shell.filter(({ text }) => /(^|[\s$|])murmur [a-z]/.test(text))
    expect(named).to.not.have.length(0)
    expect(
      named.flatMap((mention) => wrongIn(mention.text).map((w) => `${place(mention)} (${w})`))
    ).to.deep.equal([])
  })

  it('show TypeScript that type-checks', function () {
    this.timeout(60_000)
    const blocks = documents.flatMap(({ file, blocks }) =>
      blocks.filter(({ language }) => language === 'ts').map((block) => ({ ...block, file }))
    )
    expect(typeErrors(root, blocks)).to.deep.equal([])
  })
})

describe('the test of the documents', () => {
  it('finds a command, a sub-command and an option that do not exist', () => {
    expect(wrongIn('murmur dance')).to.deep.equal(['dance'])
    expect(wrongIn('murmur model dance')).to.deep.equal(['model dance'])
    expect(wrongIn('murmur invite --uses 2 --dance')).to.deep.equal(['--dance'])
    expect(wrongIn('murmur model export --format keras --json')).to.deep.equal([])
  })

  it('finds a type error, and says where', function () {
    this.timeout(60_000)
    const block = {
      language: 'ts',
      file: 'X.md',
      line: 10,
      text: 'export {}\nconst n: number = "one"\nvoid n'
    }
    const [error, ...more] = typeErrors(root, [block])
    expect(error).to.match(/^X\.md:12: Type 'string' is not assignable/)
    expect(more).to.deep.equal([])
  })
})

/** The parts of a command line that murmur does not know. */
function wrongIn(line: string): string[] {
  const wrong = [...line.matchAll(/(?:^|[\s$|])murmur ([a-z][^|#]*)/g)].map(([, rest]) => {
    const [name, second = '', ...more] = rest.trim().split(/\s+/)
    const command = program.commands.find((one) => one.name() === name)
    if (command == null) return [name]
    if (command.commands.length === 0) return unknownOptions(command, [second, ...more])
    const sub = command.commands.find((one) => one.name() === second)
    // A group may be a command itself.
    const isItself = commands.find((one) => one.name === name)?.run != null && !/^[a-z]/.test(second)
    if (isItself) return unknownOptions(command, [second, ...more])
    return sub == null ? [`${name} ${second}`.trim()] : unknownOptions(sub, more)
  })
  return wrong.flat()
}

function unknownOptions(command: (typeof program)['commands'][number], words: string[]): string[] {
  const known = new Set(['--help', ...command.options.map(({ long }) => long)])
  return words.filter((word) => word.startsWith('--') && !known.has(word))
}
