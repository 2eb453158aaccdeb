/**
 * `make docs` writes docs/reference/, the list of decisions and the chart's generated files. With --check it writes nothing, and fails when
 * a file differs from its source.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartFiles, renderChartFile } from '../chart/render-chart.ts'
import { withFolderTable } from '../boundaries/render-folders.ts'
import { readDecisions, renderDecisions } from './decisions.ts'
import { renderPage } from './reference-page.ts'
import { withVerdicts } from './conformance-verdicts.ts'
import { referencePages } from './gateway-references.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const architecture = 'docs/architecture.md'
const conformance = 'docs/conformance.md'

interface GeneratedFile {
  readonly path: string
  readonly source: string
  readonly text: string
}

const files: readonly GeneratedFile[] = [
  ...referencePages.map((page) => ({ path: `docs/reference/${page.name}`, source: page.source, text: renderPage(page) })),
  { path: architecture, source: 'scripts/boundaries/folders.cjs', text: withFolderTable(readFileSync(join(root, architecture), 'utf8')) },
  { path: 'docs/adr/README.md', source: 'docs/adr/*.md', text: renderDecisions(readDecisions(root)) },
  {
    path: conformance,
    source: 'interop/http/conformance/verdicts.json',
    text: withVerdicts(readFileSync(join(root, conformance), 'utf8')),
  },
  ...chartFiles.map((file) => ({ path: `charts/carillon/${file.path}`, source: file.source, text: renderChartFile(file) })),
]

function isCurrent({ path, text }: GeneratedFile): boolean {
  try {
    return readFileSync(join(root, path), 'utf8') === text
  } catch {
    // The file is missing, or cannot be read: either way it is not current.
    return false
  }
}

const stale = files.filter((file) => !isCurrent(file))
if (process.argv.includes('--check')) {
  for (const { path, source } of stale) console.error(`${path} is not what ${source} says: run \`make docs\` and commit the result`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  console.log(
    stale.length === 0 ? 'docs/reference, docs/adr and the chart are current' : `wrote ${stale.map(({ path }) => path).join(', ')}`,
  )
}
