/** Markdown, as far as the tests of the documents need it: code blocks, code spans, links, each with its line. */

/** A fenced code block. */
export interface CodeBlock {
  /** E.g. 'ts' or 'sh'; empty when the fence names none. */
  language: string
  text: string
  /** Of the fence, from 1 on. */
  line: number
}

/** A piece of text and where it stands. */
export interface Mention {
  text: string
  line: number
}

export interface Markdown {
  blocks: CodeBlock[]
  /** Code spans in the text, without their backticks. */
  spans: Mention[]
  /** Targets of links. */
  links: Mention[]
}

const FENCE = /^ {0,3}(`{3,})\s*(\S*)/

export function parseMarkdown(source: string): Markdown {
  const found: Markdown = { blocks: [], spans: [], links: [] }
  let open: { fence: string; block: CodeBlock; lines: string[] } | null = null
  source.split('\n').forEach((line, i) => {
    const fence = FENCE.exec(line)
    if (open != null && fence != null && line.trim() === open.fence) {
      found.blocks.push({ ...open.block, text: open.lines.join('\n') })
      open = null
    } else if (open != null) open.lines.push(line)
    else if (fence != null)
      open = { fence: fence[1], block: { language: fence[2], text: '', line: i + 1 }, lines: [] }
    else readLine(line, i + 1, found)
  })
  if (open != null) throw new Error('A code block is never closed')
  return found
}

function readLine(text: string, line: number, { spans, links }: Markdown): void {
  for (const [, span] of text.matchAll(/`([^`]+)`/g)) spans.push({ text: span, line })
  for (const [, target] of text.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
    links.push({ text: target, line })
  }
}
