/** Exports of this folder for `make interop`. */
import { readRows, renderRows } from '../rows.ts'
import { places } from './places.ts'

export { install } from './install.ts'
export const project = 'interop-pages'
export const { results } = places
export const renderTable = (): string => renderRows(readRows(results))
