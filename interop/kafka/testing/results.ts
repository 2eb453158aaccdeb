import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderTable } from '../../table.ts'
import { places } from '../places.ts'
import type { Fate } from './check-case.ts'

/** A row of the table that `make interop` prints. */
export interface Row {
  readonly producer: string
  readonly version: string
  /** Codec and level, or another subject. */
  readonly what: string
  readonly sent: number
  readonly received: number
  readonly duplicates: number
  /** Names of failed cases; empty: none. */
  readonly failed: readonly string[]
}

/** Adds up results with the same place in the table. */
export function rowOf(place: Pick<Row, 'producer' | 'version' | 'what'>, fates: readonly (readonly [title: string, fate: Fate])[]): Row {
  const sum = (field: 'sent' | 'received' | 'duplicates'): number => fates.reduce((total, [, fate]) => total + fate[field], 0)
  return {
    ...place,
    sent: sum('sent'),
    received: sum('received'),
    duplicates: sum('duplicates'),
    failed: fates.filter(([, { faults }]) => faults.length > 0).map(([title]) => title),
  }
}

export function writeRows(suite: string, rows: readonly Row[]): void {
  mkdirSync(places.results, { recursive: true })
  writeFileSync(join(places.results, `${suite.replaceAll('/', '-')}.json`), JSON.stringify(rows))
}

export function readRows(): readonly Row[] {
  mkdirSync(places.results, { recursive: true })
  // `writeRows` wrote them.
  return readdirSync(places.results)
    .toSorted()
    .flatMap((name) => JSON.parse(readFileSync(join(places.results, name), 'utf8')) as readonly Row[])
}

export function renderRows(rows: readonly Row[]): string {
  const head = ['producer', 'version', 'codec and level', 'sent', 'received', 'duplicates', 'verdict']
  const lines = [
    head,
    ...rows.map((row) => [
      row.producer,
      row.version,
      row.what,
      String(row.sent),
      String(row.received),
      String(row.duplicates),
      row.failed.length === 0 ? 'ok' : `FAILED: ${row.failed.join('; ')}`,
    ]),
  ]
  return renderTable(lines, [3, 4, 5])
}
