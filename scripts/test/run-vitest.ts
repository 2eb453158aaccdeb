import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Outcome, outcomeOf, type RunReport } from './outcome.ts'

export interface VitestRun {
  /** Root of the checkout. */
  readonly root: string
  /** @default all */
  readonly projects?: readonly string[]
  /** Parts of paths: only files that have one of them. @default all */
  readonly filters?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** @default 'inherit': people watch the run */
  readonly output?: 'inherit' | 'ignore'
}

const reporter = fileURLToPath(new URL('tally-reporter.ts', import.meta.url))

/** Runs suites and counts them. @throws when vitest cannot be started */
export async function runVitest({ root, projects = [], filters = [], env, output = 'inherit' }: VitestRun): Promise<Outcome> {
  const args = [...projects.flatMap((project) => ['--project', project]), '--reporter=default', `--reporter=${reporter}`, ...filters]
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
    cwd: root,
    stdio: ['inherit', output, output, 'ipc'],
    env: { ...env },
  })
  let report: RunReport | null = null
  child.on('message', (message) => (report = message as RunReport)) // our own reporter sends nothing else
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  return outcomeOf(report, exitCode)
}
