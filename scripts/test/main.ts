/**
 * `make test`: runs every suite that this machine can run, says loudly which it cannot and how to get it, and ends with one
 * line that counts all. With CI=true nothing may be left out or skipped. Names of suites as arguments run those alone.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findCommand, isExecutable } from '../find-command.ts'
import { type Outcome, runVitest } from './run-vitest.ts'
import { renderFailures } from './report.ts'
import { chromiumPath, suites, type Suite } from './suites.ts'
import { renderTally, total } from './tally.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isCi = ['true', '1'].includes(process.env['CI'] ?? '')

const run = (suite: Suite, folder: string): Promise<Outcome> =>
  runVitest({
    root,
    projects: [suite.project],
    reportFile: join(folder, `${suite.project}.json`),
    env: { ...process.env, CHROMIUM: chromiumPath(process.env) },
  })

function announce(lines: readonly string[]): void {
  const bar = '!'.repeat(100)
  console.log(['', bar, ...lines.map((line) => `!!  ${line}`), bar, ''].join('\n'))
}

function chosenSuites(names: readonly string[]): readonly Suite[] {
  const unknown = names.filter((name) => !suites.some(({ project }) => project === name))
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}: no suite of that name; there are ${suites.map(({ project }) => project).join(', ')}`)
    process.exit(2)
  }
  return suites.filter(({ project }) => names.length === 0 || names.includes(project))
}

async function main(): Promise<void> {
  const machine = { env: process.env, hasCommand: (name: string) => findCommand(name) !== null, isExecutable }
  const chosen = chosenSuites(process.argv.slice(2)).map((suite) => ({ suite, missing: suite.missing(machine) }))
  const folder = mkdtempSync(join(tmpdir(), 'carillon-test-'))
  const outcomes: Outcome[] = []
  try {
    for (const { suite } of chosen.filter(({ missing }) => missing === null)) outcomes.push(await run(suite, folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const left = chosen.filter(({ missing }) => missing !== null)
  for (const { suite, missing } of left) announce([`NOT RUN: the ${suite.project} tests.`, missing ?? ''])
  const sum = total(outcomes.map(({ tally }) => tally))
  if (isCi && left.length + sum.skipped > 0) announce(['CI=true: nothing may be left out or skipped, so this run has failed.'])
  const isIncomplete = outcomes.length === 0 || (isCi && left.length + sum.skipped > 0)
  process.exitCode = sum.failed > 0 || isIncomplete ? 1 : 0
  console.log([...renderFailures(outcomes.flatMap(({ failures }) => failures)), renderTally(sum)].join('\n'))
}

await main()
