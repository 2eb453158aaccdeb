/** `make interop`: foreign programs at both ends of the gateway. Installs them, runs the suites, prints a table, and ends with a tally. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Outcome, runVitest } from '../scripts/run-vitest.ts'
import { renderFailures } from '../scripts/test-report.ts'
import { renderTally } from '../scripts/test-tally.ts'
import { install } from './kafka/install.ts'
import { places } from './kafka/places.ts'
import { readRows, renderRows } from './kafka/testing/results.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const help = `Tests the gateway with foreign programs, which it installs below .interop/.

  node interop/run.ts [SUITE...], or make interop ARGS="SUITE..."

  SUITE...   Folders of interop/, such as kafka. Without: all.
`

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    process.stdout.write(help)
    return 0
  }
  const folders = readdirSync(join(root, 'interop'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const unknown = words.filter((word) => !folders.includes(word))
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: interop/ has no folder of that name. There are: ${folders.join(', ')}.`)
    return 2
  }
  return end(await run(words))
}

async function run(suites: readonly string[]): Promise<Outcome> {
  const startedMs = Date.now()
  const seconds = (): string => `${Math.round((Date.now() - startedMs) / 1000)} s`
  try {
    await install(console.log)
  } catch (error) {
    return { tally: { passed: 0, failed: 1, skipped: 0 }, failures: [{ where: 'interop: the installation', why: String(error).split('\n') }] }
  }
  console.log(`Everything is installed, after ${seconds()}.`)
  rmSync(places.results, { recursive: true, force: true })
  const reportFile = join(dirname(places.folder), 'report.json')
  mkdirSync(dirname(reportFile), { recursive: true })
  rmSync(reportFile, { force: true })
  const outcome = await runVitest({ root, projects: ['interop'], filters: suites.map((suite) => `interop/${suite}/`), reportFile, env: process.env })
  console.log(`\n${renderRows(readRows())}\n\nEach codec of a producer has 10 records for another user: these are sent, and not received. So are those of aborted transactions.\nDone after ${seconds()}.`)
  return outcome
}

/** The last lines, with the tally as the very last. @returns the exit code */
function end({ tally, failures }: Outcome): number {
  console.log([...renderFailures(failures), renderTally(tally)].join('\n'))
  return failures.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
