import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderTable } from './table.ts'

/** A row of the table that `make interop` prints. */
export interface Row {
  readonly client: string
  readonly version: string
  /** Actions of the client, and the right outcome. */
  readonly what: string
  /** Actual outcome. */
  readonly arrived: string
  readonly isRight: boolean
}

/** Writes the rows of a test file into the suite's folder of results. */
export function writeRows(folder: string, file: string, rows: readonly Row[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${file}.json`), JSON.stringify(rows))
}

export function readRows(folder: string): readonly Row[] {
  mkdirSync(folder, { recursive: true })
  // `writeRows` wrote them.
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as readonly Row[])
}

const maxArrivedLength = 70

export function renderRows(rows: readonly Row[]): string {
  const cut = (text: string): string => (text.length <= maxArrivedLength ? text : `${text.slice(0, maxArrivedLength - 3)}...`)
  return renderTable([
    ['client', 'version', 'what', 'what arrived', 'verdict'],
    ...rows.map(({ client, version, what, arrived, isRight }) => [client, version, what, cut(arrived), isRight ? 'ok' : 'FAILED']),
  ])
}
