/** Type-checks code blocks as modules at the root of the repository, with the package's own name resolved to its source. */
import { join } from 'node:path'
import ts from 'typescript'
import type { CodeBlock } from './markdown.ts'

/** Parsed files of the disk: one is parsed once, however many programs read it. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** A block and the document it is in. */
export interface DocumentBlock extends CodeBlock {
  file: string
}

/** What `tsc` would say of each block: `README.md:12: …`. Only the blocks are checked, not what they import. */
export function typeErrors(root: string, blocks: readonly DocumentBlock[]): string[] {
  if (blocks.length === 0) return []
  const byFile = new Map(blocks.map((block, i) => [join(root, `document-block-${i}.ts`), block]))
  const program = ts.createProgram([...byFile.keys()], optionsOf(root), hostOf(root, byFile))
  return [...byFile].flatMap(([file, block]) => {
    const source = program.getSourceFile(file)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map((diagnostic) => describe(diagnostic, block))
  })
}

function optionsOf(root: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const paths = { murmuration: ['./peers/node/index.ts'] }
  // A snippet may declare what it does not go on to use.
  return { ...options, paths, types: ['node'], noUnusedLocals: false, noUnusedParameters: false }
}

/** The disk, and the blocks as if they were files on it. */
function hostOf(root: string, blocks: ReadonlyMap<string, DocumentBlock>): ts.CompilerHost {
  const host = ts.createCompilerHost(optionsOf(root))
  return {
    ...host,
    fileExists: (path) => blocks.has(path) || host.fileExists(path),
    readFile: (path) => blocks.get(path)?.text ?? host.readFile(path),
    getSourceFile: (path, target, onError, fresh) => {
      const text = blocks.get(path)?.text
      if (text != null) return ts.createSourceFile(path, text, target)
      if (!parsed.has(path)) parsed.set(path, host.getSourceFile(path, target, onError, fresh))
      return parsed.get(path)
    }
  }
}

function describe(diagnostic: ts.Diagnostic, { file, line, text }: DocumentBlock): string {
  const at = ts.getLineAndCharacterOfPosition({ text } as ts.SourceFileLike, diagnostic.start ?? 0)
  return `${file}:${line + 1 + at.line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`
}
