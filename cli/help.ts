import type { Command, Flags } from './command.ts'

/** Returns the help of the program: its commands and exit codes. */
export function renderProgramHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2
  return `carillon talks to a Carillon gateway from the command line.

Usage: carillon COMMAND URL [flags]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join('\n')}

Example: carillon doctor http://localhost:8000

carillon COMMAND --help lists the flags of a command. --version prints the version.
Data go to standard output, messages to standard error.
Exit codes: 0 ok, 1 a request or check failed, 2 the command line is wrong.
`
}

export function renderCommandHelp({ name, summary, about, flags, examples }: Command): string {
  const paragraphs = about.map((text) => wrap(text, 100).join('\n'))
  return [
    `carillon ${name}: ${summary}`,
    `Usage: carillon ${name} URL [flags]`,
    ...paragraphs,
    ['Flags:', ...renderFlags(flags)].join('\n'),
    ['Examples:', ...examples.map((line) => `  ${line}`)].join('\n'),
  ]
    .join('\n\n')
    .concat('\n')
}

function renderFlags(flags: Flags): readonly string[] {
  const all: Flags = { ...flags, help: { type: 'boolean', sentence: 'Print this help.' } }
  const left = Object.entries(all).map(([name, { value, type }]) => `  --${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`)
  const width = Math.max(...left.map(({ length }) => length)) + 2
  return Object.values(all).flatMap(({ sentence, multiple }, at) =>
    wrap(multiple ? `${sentence} May be repeated.` : sentence, 100 - width).map(
      (line, row) => (row === 0 ? (left[at] ?? '') : '').padEnd(width) + line,
    ),
  )
}

/** Breaks at blanks. A word that is wider than the line keeps a line of its own. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
