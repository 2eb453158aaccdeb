/** Exports of this folder for `make interop`. */
import { places } from './places.ts'
import { readRows, renderRows } from '../rows.ts'

export { install } from './install.ts'
export const project = 'interop-http'
export const { results } = places
export const renderTable = (): string => renderRows(readRows(results))
