import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { root } from '../platform/open-platform.ts'

/** A line of the table at the end of `make e2e`. */
export interface Row {
  readonly suite: string
  readonly clients: number
  readonly events: number
  readonly expected: number
  readonly delivered: number
  readonly duplicates: number
  readonly lost: number
  readonly reconnects: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

const file = join(root, 'artifacts/e2e/results.jsonl')

/** Adds a row to a file, because suites run in processes of their own. */
export async function addResult(row: Row): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await appendFile(file, `${JSON.stringify(row)}\n`)
}

export async function readResults(): Promise<readonly Row[]> {
  // addResult wrote each line.
  return (await readIfThere(file))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

const traceFile = join(root, 'artifacts/e2e/trace.txt')

/** Keeps the trace of an event, as text: `make e2e` shows it below the table. */
export async function writeTrace(text: string): Promise<void> {
  await mkdir(dirname(traceFile), { recursive: true })
  await writeFile(traceFile, `${text}\n`)
}

/** Returns an empty text when no suite wrote one. */
export const readTrace = (): Promise<string> => readIfThere(traceFile)

export function renderResults(rows: readonly Row[]): string {
  const ms = (value: number | null): string => (value === null ? '' : String(Math.round(value)))
  const head = ['suite', 'clients', 'events', 'expected', 'delivered', 'duplicates', 'lost', 'reconnects', 'p50 ms', 'p99 ms']
  const body = rows.map((row) =>
    [
      row.suite,
      row.clients,
      row.events,
      row.expected,
      row.delivered,
      row.duplicates,
      row.lost,
      row.reconnects,
      ms(row.p50Ms),
      ms(row.p99Ms),
    ].map(String),
  )
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  return [
    line(head),
    `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`,
    ...body.map(line),
  ].join('\n')
}
