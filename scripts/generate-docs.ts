/** `make docs` writes docs/reference/; with --check it writes nothing and fails when a page is not what the tables say. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { referencePages, renderPage, type ReferencePage } from './render-references.ts'

const folder = new URL('../docs/reference/', import.meta.url)

function isCurrent(page: ReferencePage): boolean {
  try {
    return readFileSync(new URL(page.name, folder), 'utf8') === renderPage(page)
  } catch {
    // The page does not exist, or cannot be read: either way it is not what it should be.
    return false
  }
}

const stale = referencePages.filter((page) => !isCurrent(page))
if (process.argv.includes('--check')) {
  for (const page of stale) console.error(`docs/reference/${page.name} is not what ${page.source} says: run \`make docs\` and commit the result`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  mkdirSync(folder, { recursive: true })
  for (const page of stale) writeFileSync(new URL(page.name, folder), renderPage(page))
  console.log(stale.length === 0 ? 'docs/reference is current' : `wrote ${stale.map((page) => `docs/reference/${page.name}`).join(', ')}`)
}
