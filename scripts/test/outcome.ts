import { stripVTControlCharacters } from 'node:util'

/** A run of vitest, as the reporter of this folder sends it. */
export interface RunReport {
  readonly files: readonly FileReport[]
  /** Stacks of errors outside all files. */
  readonly unhandledErrors: readonly string[]
}

export interface FileReport {
  /** Path below the root of the checkout. */
  readonly path: string
  readonly state: string
  /** Stacks of errors of the file itself and of its hooks. */
  readonly errors: readonly string[]
  readonly tests: readonly TestReport[]
}

export interface TestReport {
  /** Title with the titles around it, joined by ` > `. */
  readonly title: string
  readonly state: string
  /** Stacks of errors, which begin with their messages. */
  readonly errors: readonly string[]
}

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** One entry of the list of failures; it counts as one failure in the tally. */
export interface Failure {
  readonly where: string
  /** Message, as lines without the stack. */
  readonly why: readonly string[]
}

/** Result of one run of vitest, or of several. */
export interface Outcome {
  readonly tally: Tally
  readonly failures: readonly Failure[]
}

/**
 * Counts a run so that no failure is lost: failed tests, files that did not load, failed hooks, errors outside all tests, a run without a report, and
 * a run without a passed test.
 * @param report null when vitest sent none
 */
export function outcomeOf(report: RunReport | null, exitCode: number): Outcome {
  const states = (report?.files ?? []).flatMap(({ tests }) => tests.map(({ state }) => state))
  const passed = states.filter((state) => state === 'passed').length
  const skipped = states.filter((state) => state !== 'passed' && state !== 'failed').length
  const failures = failuresOf(report, { exitCode, hasPassed: passed > 0 })
  return { tally: { passed, failed: failures.length, skipped }, failures }
}

function failuresOf(
  report: RunReport | null,
  { exitCode, hasPassed }: { readonly exitCode: number; readonly hasPassed: boolean },
): readonly Failure[] {
  if (report === null) return [{ where: 'no report', why: ['vitest ended before it sent one; its output is above'] }]
  const outside = 'an error outside all tests'
  const failures = [
    ...report.files.flatMap(failuresIn),
    ...report.unhandledErrors.map((error) => ({ where: outside, why: linesOf(error) })),
  ]
  if (failures.length > 0) return failures
  if (exitCode !== 0) return [{ where: outside, why: [`vitest exited with ${exitCode}; its output is above`] }]
  return hasPassed ? [] : [{ where: 'no test', why: ['no test ran'] }]
}

function failuresIn({ path, state, errors, tests }: FileReport): readonly Failure[] {
  const failed = tests
    .filter((test) => test.state === 'failed')
    .map(({ title, errors: each }) => ({ where: `${path}: ${title}`, why: linesOf(each.join('\n')) }))
  const isFileBroken = errors.length > 0 || (failed.length === 0 && state === 'failed')
  return isFileBroken ? [...failed, { where: `${path}: the file itself, or a hook`, why: linesOf(errors.join('\n')) }] : failed
}

const linesOf = (text: string): readonly string[] =>
  stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))

/** Returns the sum of several runs. */
export function total(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: keyof Tally): number => outcomes.reduce((count, { tally }) => count + tally[of], 0)
  return {
    tally: { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') },
    failures: outcomes.flatMap(({ failures }) => failures),
  }
}

const maxLines = 12
const maxWidth = 240

/** Returns the end of the output: each failure in lines that begin with `FAILED`, which .ci/run gathers, and the tally as the very last line. */
export function renderOutcome({ tally, failures }: Outcome): string {
  return [...failures.flatMap(linesOfFailure), `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`].join('\n')
}

function linesOfFailure({ where, why }: Failure): readonly string[] {
  const shown = why.length > maxLines ? [...why.slice(0, maxLines), `(and ${why.length - maxLines} more lines, above)`] : why
  return [where, ...shown.map((line) => `  ${line.length > maxWidth ? `${line.slice(0, maxWidth)} ...` : line}`)].map(
    (line) => `FAILED  ${line}`,
  )
}
