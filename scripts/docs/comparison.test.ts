import { describe, expect, it } from 'vitest'
import { readPages } from './pages.ts'

/** docs/comparison.md quotes figures of docs/benchmarks.md, which a new run of the benchmark writes again. */

const textOf = (path: string): string => readPages().find((page) => page.path === path)?.text ?? ''
const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** Returns the rows below the header that names these servers. */
function quotedRows(): readonly { readonly server: string; readonly figure: string; readonly what: string }[] {
  const lines = textOf('docs/comparison.md').split('\n')
  const header = lines.findIndex((line) => line.startsWith('| | Carillon | Centrifugo |'))
  const servers = cellsOf(lines[header] ?? '').slice(1)
  const rows = lines.slice(header + 2, lines.indexOf('', header))
  return rows.flatMap((line) => {
    const [what = '', ...figures] = cellsOf(line)
    return servers.map((server, index) => ({ server, what, figure: figures[index] ?? '' }))
  })
}

describe('a figure of the comparison', () => {
  const measured = textOf('docs/benchmarks.md').split('\n').map(cellsOf)

  it.each(quotedRows())('$what of $server is $figure in the tables of the benchmark', ({ server, figure }) => {
    const rows = measured.filter((cells) => cells.slice(0, 2).includes(server))
    const figures = rows.flatMap((cells) => cells.map((cell) => cell.replace(/ ±.*$/, '')))
    expect(figures).toContain(figure)
  })

  it('is of the day that the benchmark names', () => {
    expect(textOf('docs/benchmarks.md')).toContain('2026-12-01')
    expect(textOf('docs/comparison.md')).toContain('on 1 December 2026')
  })
})
