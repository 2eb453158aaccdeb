import { readFileSync } from 'node:fs'
import { renderTable as renderColumns } from '../table.ts'
import { places } from './places.ts'
import { rowsFile } from './rows.ts'

/** Exports of this folder for `make interop`. */
export { install } from './install.ts'
export const project = 'interop-sbom'
export const { results } = places

export function renderTable(): string {
  const rows = JSON.parse(readFileSync(rowsFile, 'utf8')) as readonly (readonly string[])[] // the tests write it
  return renderColumns([['list of components', 'validator', 'components', 'errors'], ...rows], [2, 3])
}
