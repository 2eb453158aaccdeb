import { join } from 'node:path'
import { places } from './places.ts'

/** File with the rows of the table, as JSON. */
export const rowsFile = join(places.results, 'rows.json')
