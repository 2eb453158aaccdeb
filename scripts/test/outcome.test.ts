import { describe, expect, test } from 'vitest'
import { type FileReport, outcomeOf, renderOutcome, type RunReport, type TestReport, total } from './outcome.ts'

const fileReport = (state: string, tests: readonly Omit<TestReport, 'title'>[], errors: readonly string[] = []): FileReport => ({
  path: 'log/log.test.ts',
  state,
  errors,
  tests: tests.map((each, index) => ({ title: `a log > test ${index}`, ...each })),
})
const tests = (...states: readonly string[]): readonly Omit<TestReport, 'title'>[] => states.map((state) => ({ state, errors: [] }))
const reportOf = (...files: readonly FileReport[]): RunReport => ({ files, unhandledErrors: [] })
const tallyOf = (report: RunReport | null, exitCode = 1) => outcomeOf(report, exitCode).tally

describe('the tally of a run', () => {
  test('counts tests, over all files', () => {
    const report = reportOf(
      fileReport('passed', tests('passed', 'passed', 'skipped')),
      fileReport('failed', tests('failed', 'passed', 'todo', 'pending')),
    )
    expect(tallyOf(report)).toEqual({ passed: 3, failed: 1, skipped: 3 })
  })

  test('counts a file that did not load as a failure', () => {
    expect(tallyOf(reportOf(fileReport('passed', tests('passed')), fileReport('failed', [])))).toEqual({ passed: 1, failed: 1, skipped: 0 })
    expect(tallyOf(reportOf(fileReport('failed', tests('failed')), fileReport('failed', []), fileReport('failed', [])))).toEqual({
      passed: 0,
      failed: 3,
      skipped: 0,
    })
  })

  test('counts a file with a failed hook, and so with skipped tests, as a failure', () => {
    expect(tallyOf(reportOf(fileReport('failed', tests('skipped', 'skipped'))))).toEqual({ passed: 0, failed: 1, skipped: 2 })
  })

  test('counts a failed hook beside a failed test', () => {
    expect(tallyOf(reportOf(fileReport('failed', tests('failed'), ['Error: afterAll'])))).toEqual({ passed: 0, failed: 2, skipped: 0 })
  })

  test('counts an error outside all tests as a failure', () => {
    expect(tallyOf(reportOf(fileReport('passed', tests('passed'))))).toEqual({ passed: 1, failed: 1, skipped: 0 })
    const report = { ...reportOf(fileReport('passed', tests('passed'))), unhandledErrors: ['Error: late'] }
    expect(tallyOf(report, 0)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  test.each([
    ['without a report', null],
    ['without a test', reportOf()],
    ['that skipped every test', reportOf(fileReport('passed', tests('skipped')))],
  ])('counts a run %s as a failure', (_, report) => {
    expect(tallyOf(report, 0).failed).toBe(1)
  })
})

describe('the end of the output', () => {
  const endOf = (report: RunReport | null, exitCode = 1): readonly string[] => renderOutcome(outcomeOf(report, exitCode)).split('\n')

  test('names each failed test with its file and its message, without stack and colours', () => {
    const red =
      '\u001B[31mexpected 1 to be 2\u001B[39m\n    at Object.demand (/checkout/stage.ts:60:27)\n    at Object.demand (/checkout/stage.ts:61:1)'
    const errors = [`AssertionError: ${red}`, 'Error: and the clean-up failed']
    const report = reportOf(fileReport('failed', [...tests('passed'), { state: 'failed', errors }]))
    expect(endOf(report)).toEqual([
      'FAILED  log/log.test.ts: a log > test 1',
      'FAILED    AssertionError: expected 1 to be 2',
      'FAILED    Error: and the clean-up failed',
      '1 passed, 1 failed, 0 skipped',
    ])
  })

  test('names a file that did not load, and the reason', () => {
    expect(endOf(reportOf(fileReport('failed', [], ['Cannot find module ./x.ts'])))).toEqual([
      'FAILED  log/log.test.ts: the file itself, or a hook',
      'FAILED    Cannot find module ./x.ts',
      '0 passed, 1 failed, 0 skipped',
    ])
  })

  test('reports an error outside all tests, and a missing report', () => {
    expect(endOf(reportOf(fileReport('passed', tests('passed')))).slice(0, -1)).toEqual([
      'FAILED  an error outside all tests',
      'FAILED    vitest exited with 1; its output is above',
    ])
    const report = { ...reportOf(fileReport('passed', tests('passed'))), unhandledErrors: ['Error: late\n    at x.ts:1:1'] }
    expect(endOf(report).slice(0, -1)).toEqual(['FAILED  an error outside all tests', 'FAILED    Error: late'])
    expect(endOf(null)[0]).toBe('FAILED  no report')
  })

  test('shows at most twelve lines of one failure, each at most 240 characters wide', () => {
    const why = Array.from({ length: 100 }, () => 'x'.repeat(1000)).join('\n')
    const lines = endOf(reportOf(fileReport('failed', [{ state: 'failed', errors: [why] }]))).slice(0, -1)
    expect(lines).toHaveLength(14)
    expect(lines.at(-1)).toBe('FAILED    (and 88 more lines, above)')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(260)
  })

  test('is the tally alone when all tests passed', () => {
    expect(endOf(reportOf(fileReport('passed', tests('passed'))), 0)).toEqual(['1 passed, 0 failed, 0 skipped'])
  })

  test('sums several runs in its last line', () => {
    const sum = total([
      { tally: { passed: 1, failed: 2, skipped: 3 }, failures: [] },
      { tally: { passed: 10, failed: 20, skipped: 30 }, failures: [] },
    ])
    expect(renderOutcome(sum)).toBe('11 passed, 22 failed, 33 skipped')
  })
})
