import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A page of the documentation. */
export interface Page {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly page: string
  readonly line: number
  /** Behind the fence: `sh`, `js`, ...; empty when there is nothing. */
  readonly language: string
  /** Without the indentation of the list that it may stand in. */
  readonly code: string
}

/** Every page that is written for people, the generated ones too. */
export function readPages(): readonly Page[] {
  const paths = globSync(['*.md', '{docs,client,bench}/**/*.md'], { cwd: root, exclude: (path) => path.includes('node_modules') })
  return paths.toSorted().map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }))
}

export function codeBlocks({ path, text }: Page): readonly CodeBlock[] {
  return [...text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)].map((match) => {
    const [, indent = '', language = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    return { page: path, line, language, code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }
  })
}

/** A page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```\w*\n.*?^\1```$/gms, '')
}

/** All that is set as code: fenced and indented blocks, and what stands between backticks. */
export function codeOf(page: Page): readonly string[] {
  const spans = [...proseOf(page).matchAll(/`([^`\n]+)`|^ {4}(\S.*)$/gm)].map(([, span, line]) => span ?? line ?? '')
  return [...codeBlocks(page).map(({ code }) => code), ...spans]
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
