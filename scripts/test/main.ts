/**
 * `make test`: runs every suite that this machine can run, reports loudly which it cannot and how to get it, and ends with one line that
 * counts all. With CI=true nothing may be left out or skipped. Names of suites as arguments run those alone.
 */
import { fileURLToPath } from 'node:url'
import { findCommand, isExecutable } from '../find-command.ts'
import { chromiumPath } from '../../testing/engines/commands.ts'
import { type Outcome, renderOutcome, total } from './outcome.ts'
import { runVitest } from './run-vitest.ts'
import { suites, type Suite } from './suites.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isCi = ['true', '1'].includes(process.env['CI'] ?? '')

const run = ({ project }: Suite): Promise<Outcome> =>
  runVitest({ root, projects: [project], env: { ...process.env, CHROMIUM: chromiumPath(process.env) } })

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
  const outcomes: Outcome[] = []
  for (const { suite } of chosen.filter(({ missing }) => missing === null)) outcomes.push(await run(suite))
  const left = chosen.filter(({ missing }) => missing !== null)
  for (const { suite, missing } of left) announce([`NOT RUN: the ${suite.project} tests.`, missing ?? ''])
  const sum = total(outcomes)
  const isForbiddenGap = isCi && left.length + sum.tally.skipped > 0
  if (isForbiddenGap) announce(['CI=true: nothing may be left out or skipped, so this run has failed.'])
  process.exitCode = sum.tally.failed > 0 || outcomes.length === 0 || isForbiddenGap ? 1 : 0
  console.log(renderOutcome(sum))
}

await main()
