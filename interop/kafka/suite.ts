/** Exports of this folder for `make interop`. */
import { places } from './places.ts'
import { readRows, renderRows } from './testing/results.ts'

export { install } from './install.ts'
export const project = 'interop-kafka'
export const { results } = places
export const renderTable = (): string =>
  `${renderRows(readRows())}\n\nEach codec of a producer has 10 records for another user: these are sent, and not received. So are those of aborted transactions.`
