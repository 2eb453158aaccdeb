/**
 * `make interop`: installs foreign programs for both ends of the gateway, runs the suites, prints a table of each, and ends with one tally.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Outcome, renderOutcome } from '../scripts/test/outcome.ts'
import { runVitest } from '../scripts/test/run-vitest.ts'
import * as http from './http/suite.ts'
import * as kafka from './kafka/suite.ts'
import * as sbom from './sbom/suite.ts'

/** A folder of foreign programs and their tests. */
interface Suite {
  /** Its project in vitest.config.ts. */
  readonly project: string
  /** Folder of the rows of its table. */
  readonly results: string
  readonly install: (say: (line: string) => void) => Promise<void>
  /** Renders what the tests wrote. */
  readonly renderTable: () => string
}

const suites: Readonly<Record<string, Suite>> = { http, kafka, sbom }

const root = fileURLToPath(new URL('..', import.meta.url))

const help = `Tests the gateway with foreign programs, which it installs below .interop/.

  node interop/run.ts [SUITE...], or make interop ARGS="SUITE..."

  SUITE...   Folders of interop/: http, kafka, sbom. Without: all.
`

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    process.stdout.write(help)
    return 0
  }
  const unknown = words.filter((word) => suites[word] === undefined)
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: interop/ has no suite of that name. There are: ${Object.keys(suites).join(', ')}.`)
    return 2
  }
  return end(
    await run(
      Object.entries(suites)
        .filter(([name]) => words.length === 0 || words.includes(name))
        .map(([, suite]) => suite),
    ),
  )
}

async function run(chosen: readonly Suite[]): Promise<Outcome> {
  const startedMs = Date.now()
  const seconds = (): string => `${Math.round((Date.now() - startedMs) / 1000)} s`
  try {
    await Promise.all(chosen.map(({ install }) => install(console.log)))
  } catch (error) {
    return {
      tally: { passed: 0, failed: 1, skipped: 0 },
      failures: [{ where: 'interop: the installation', why: String(error).split('\n') }],
    }
  }
  console.log(`Everything is installed, after ${seconds()}.`)
  for (const { results } of chosen) rmSync(results, { recursive: true, force: true })
  const outcome = await runVitest({ root, projects: chosen.map(({ project }) => project), env: process.env })
  console.log(`\n${chosen.map(({ renderTable }) => renderTable()).join('\n\n')}\n\nDone after ${seconds()}.`)
  return outcome
}

/** Prints the last lines, with the tally as the very last. @returns the exit code */
function end(outcome: Outcome): number {
  console.log(renderOutcome(outcome))
  return outcome.failures.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
