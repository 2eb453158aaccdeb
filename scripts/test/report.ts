import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** The part of vitest's JSON report that is read here. */
export interface JsonReport {
  readonly testResults: readonly FileResult[]
}
interface FileResult {
  /** Absolute path. */
  readonly name: string
  readonly status: string
  /** What went wrong with the file itself or with its hooks; empty when nothing did. */
  readonly message: string
  readonly assertionResults: readonly TestResult[]
}
interface TestResult {
  /** The titles around the test, beginning with an empty one, and its own. */
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
  /** Stacks of errors, which begin with their messages. */
  readonly failureMessages: readonly string[]
}

/** @returns null when there is none, or half of one: vitest broke before or while it wrote */
export function readReport(file: string): JsonReport | null {
  try {
    // vitest's own JSON reporter wrote it.
    return JSON.parse(readFileSync(file, 'utf8')) as JsonReport
  } catch {
    // The caller counts it as a failure.
    return null
  }
}

/** Something that counts as one failure. */
export interface Failure {
  readonly where: string
  /** What was wrong, as lines; without the stack. */
  readonly why: readonly string[]
}

/**
 * Whatever went wrong in a run: tests that failed, files that could not be loaded or whose hooks failed, an error outside all tests, a run without a report or
 * without a test.
 * @param report null when vitest wrote none
 * @param options.root what paths are shown relative to
 */
export function failuresOf(
  report: JsonReport | null,
  { exitCode, root }: { readonly exitCode: number; readonly root: string },
): readonly Failure[] {
  if (report === null) return [{ where: 'no report', why: ['vitest ended before or while it wrote one; what it said is above'] }]
  const failures = report.testResults.flatMap((file) => failuresIn(file, relative(root, file.name)))
  if (failures.length > 0) return failures
  if (exitCode !== 0) return [{ where: 'an error outside all tests', why: [`vitest left with ${exitCode}; what it said is above`] }]
  const hasPassed = report.testResults.some(({ assertionResults }) => assertionResults.some(({ status }) => status === 'passed'))
  return hasPassed ? [] : [{ where: 'no test', why: ['none was run'] }]
}

function failuresIn({ status, message, assertionResults }: FileResult, path: string): readonly Failure[] {
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (failed.length === 0) return status === 'failed' ? [{ where: `${path}: the file itself, or a hook`, why: linesOf(message) }] : []
  return failed.map(({ ancestorTitles, title, failureMessages }) => ({
    where: `${path}: ${[...ancestorTitles, title].filter((each) => each !== '').join(' > ')}`,
    why: linesOf(failureMessages.join('\n')),
  }))
}

const linesOf = (text: string): readonly string[] =>
  stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at /.test(line))

const maxLines = 12
const maxWidth = 240

/** For the end of the output, where whoever looks at a log looks first. `.ci/run` gathers these lines by how they begin. */
export function renderFailures(failures: readonly Failure[]): readonly string[] {
  return failures.flatMap(({ where, why }) => {
    const shown = why.length > maxLines ? [...why.slice(0, maxLines), `(and ${why.length - maxLines} lines more, above)`] : why
    return [where, ...shown.map((line) => `  ${line.length > maxWidth ? `${line.slice(0, maxWidth)} ...` : line}`)].map(
      (line) => `FAILED  ${line}`,
    )
  })
}
