import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderTable } from '../../table.ts'
import { places } from '../places.ts'

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

export function writeRows(suite: string, rows: readonly Row[]): void {
  mkdirSync(places.results, { recursive: true })
  writeFileSync(join(places.results, `${suite}.json`), JSON.stringify(rows))
}

export function readRows(): readonly Row[] {
  mkdirSync(places.results, { recursive: true })
  // `writeRows` wrote them.
  return readdirSync(places.results)
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(join(places.results, name), 'utf8')) as readonly Row[])
}

const maxArrivedLength = 70

export function renderRows(rows: readonly Row[]): string {
  const cut = (text: string): string => (text.length <= maxArrivedLength ? text : `${text.slice(0, maxArrivedLength - 3)}...`)
  return renderTable([
    ['client', 'version', 'what', 'what arrived', 'verdict'],
    ...rows.map(({ client, version, what, arrived, isRight }) => [client, version, what, cut(arrived), isRight ? 'ok' : 'FAILED']),
  ])
}
