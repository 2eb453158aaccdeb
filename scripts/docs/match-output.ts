/**
 * Whether a command wrote what a page shows. `...` stands for anything within a line, and on a line of its own for any lines, also none. How many
 * blanks there are is not compared: columns are as wide as their widest name.
 */
export function isAsShown(shown: readonly string[], output: string): boolean {
  const pattern = shown.map((line) => (line.trim() === '...' ? '(?:.*\\n)*' : `${escape(normal(line)).replaceAll('\\.\\.\\.', '.*')}\\n`)).join('')
  const lines = output.split('\n').map(normal)
  return new RegExp(`^${pattern}$`).test(lines.join('\n').replace(/\n*$/, '\n'))
}

const normal = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')
const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
