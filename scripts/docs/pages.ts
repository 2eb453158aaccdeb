import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A page of the documentation. */
export interface Page {
  /** Path from the repository's root. */
  readonly path: string
  readonly text: string
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly page: string
  readonly line: number
  /** Word behind the fence: `sh`, `js`, ...; empty when there is none. */
  readonly language: string
  /** Text without the indentation of a list around it. */
  readonly code: string
}

/** Returns every page that is written for people, the generated ones too. */
export function readPages(): readonly Page[] {
  const paths = globSync(['*.md', '{docs,client,react,bench}/**/*.md', 'cli/README.md'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
  return paths.toSorted().map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }))
}

export function codeBlocks({ path, text }: Page): readonly CodeBlock[] {
  return [...text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)].map((match) => {
    const [, indent = '', language = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    return { page: path, line, language, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }
  })
}

/** Returns the name of the file that a block is: its first line is a comment of nothing else, as `# emit.py`. Null for any other block. */
export const fileNameOf = ({ code }: CodeBlock): string | null => /^(?:#|\/\/|<!--) ([\w.-]+\.[a-z]+)(?: -->)?\n/.exec(code)?.[1] ?? null

/** Returns a page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```\w*\n.*?^\1```$/gms, '')
}

/** Returns all code: fenced and indented blocks, and text between backticks. */
export function codeOf(page: Page): readonly string[] {
  const spans = [...proseOf(page).matchAll(/`([^`\n]+)`|^ {4}(\S.*)$/gm)].map(([, span, line]) => span ?? line ?? '')
  return [...codeBlocks(page).map(({ code }) => code), ...spans]
}

/** Returns the anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
}

/** Returns the anchor of a heading, as GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}
