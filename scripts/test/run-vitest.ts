import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Failure, failuresOf, readReport } from './report.ts'
import { type Tally, tally } from './tally.ts'

/** What came of a run. */
export interface Outcome {
  readonly tally: Tally
  readonly failures: readonly Failure[]
}

export interface VitestRun {
  /** Of the checkout. */
  readonly root: string
  readonly projects: readonly string[]
  /** Parts of paths: only files that have one of them. @default all */
  readonly filters?: readonly string[]
  /** Where vitest's JSON report is put. */
  readonly reportFile: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Runs suites, for people to watch, and counts them. @throws when vitest cannot be started */
export async function runVitest({ root, projects, filters = [], reportFile, env }: VitestRun): Promise<Outcome> {
  const words = [
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...filters,
  ]
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...words], {
    cwd: root,
    stdio: 'inherit',
    env: { ...env },
  })
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const report = readReport(reportFile)
  const failures = failuresOf(report, { exitCode, root })
  return { tally: tally(report, failures), failures }
}
