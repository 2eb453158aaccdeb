import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderTable } from '../../table.ts'
import { places } from '../places.ts'

/** A row of the table that `make interop` prints: what a user did with a package, and what came of it. */
type Row = readonly [packageName: string, user: string, outcome: string]

const file = join(places.results, 'rows.ndjson')

/** Adds a row. Several test files may do so at once. */
export function addRow(...row: Row): void {
  mkdirSync(places.results, { recursive: true })
  appendFileSync(file, `${JSON.stringify(row)}\n`)
}

export function renderRows(): string {
  // `addRow` wrote them.
  const rows = existsSync(file)
    ? (readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)) as readonly Row[])
    : []
  return renderTable([['package', 'used by', 'outcome'], ...rows.toSorted((a, b) => (a.join() < b.join() ? -1 : 1))])
}
