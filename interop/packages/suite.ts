/** Exports of this folder for `make interop`. */
import { places } from './places.ts'
import { renderRows } from './testing/results.ts'

export { install } from './install.ts'
export const project = 'interop-packages'
export const { results } = places
export const renderTable = renderRows
