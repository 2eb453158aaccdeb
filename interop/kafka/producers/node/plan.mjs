// Reads the plan from standard input and reports to standard output. See ../../testing/plan.ts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// The packages are where `make interop` installed them, and not beside this file.
export const load = createRequire(join(process.env.INTEROP_PACKAGES ?? '.', 'package.json'))

export const plan = JSON.parse(readFileSync(0, 'utf8'))

/** Returns the headers of record n of a case. */
export function headersOf(testCase, n) {
  const headers = new Map([
    ['ce_specversion', '1.0'],
    ['ce_id', `${testCase.name}/${n}`],
    ['ce_source', '/interop'],
    ['ce_type', 'interop.record'],
    ['ce_audience', `{"users":["${testCase.user}"]}`],
  ])
  if (!testCase.nullValue) headers.set('content-type', 'application/json')
  if (testCase.nullHeader) headers.set('x-null', null)
  return new Map([...headers].map(([name, value]) => [Buffer.from(name), value === null ? null : Buffer.from(value)]))
}

/** Returns the value that all records of a case have. */
export const valueOf = (testCase) => (testCase.nullValue ? undefined : Buffer.from(`{"pad":"${plan.pad.slice(0, testCase.padBytes)}"}`))

/** Reports to the suite how many records of a case the broker acknowledged. */
export function report(name, sent, error) {
  process.stdout.write(`${JSON.stringify({ name, sent, ...(error === undefined ? {} : { error: String(error) }) })}\n`)
}
