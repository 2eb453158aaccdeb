import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { contenders } from '../contenders/contenders.ts'

const page = readFileSync(new URL('../../../docs/benchmarks.md', import.meta.url), 'utf8')

/** Returns the first cells of the table below a line. */
function serversBelow(line: string): readonly string[] {
  const lines = page.split('\n')
  const head = lines.indexOf(line)
  const rows = lines.slice(head + 2, lines.indexOf('', head))
  return rows.map((row) => (row.split('|')[1] ?? '').replaceAll('`', '').trim())
}

/** Variants of a server share its row. */
const titles = contenders
  .filter((one) => one === contenders.find((other) => (other.build ?? other.dialect) === (one.build ?? one.dialect)))
  .map(({ title }) => title)

test.each(['| server | set-up |', '| server | does not |'])('the page has a row for each server below "%s"', (line) => {
  expect(serversBelow(line)).toEqual(titles)
})
