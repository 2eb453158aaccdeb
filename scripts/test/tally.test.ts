import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failuresOf, type JsonReport, renderFailures } from './report.ts'
import { chromiumPath, suites, type Machine } from './suites.ts'
import { renderTally, tally, total } from './tally.ts'

interface TestOfFile {
  readonly status: string
  readonly why?: readonly string[]
}
const file = (status: string, tests: readonly TestOfFile[], message = '') => ({
  name: '/checkout/log/log.test.ts',
  status,
  message,
  assertionResults: tests.map(({ status: each, why = [] }, index) => ({
    ancestorTitles: ['', 'a log'],
    title: `test ${index}`,
    status: each,
    failureMessages: why,
  })),
})
const tests = (...statuses: readonly string[]): readonly TestOfFile[] => statuses.map((status) => ({ status }))
const failuresIn = (report: JsonReport | null, exitCode = 1) => failuresOf(report, { exitCode, root: '/checkout' })
const tallyOf = (report: JsonReport | null, exitCode = 1) => tally(report, failuresIn(report, exitCode))

describe('the tally of a run', () => {
  test('counts tests, over all files', () => {
    const report = {
      testResults: [file('passed', tests('passed', 'passed', 'skipped')), file('failed', tests('failed', 'passed', 'todo', 'pending'))],
    }
    expect(tallyOf(report)).toEqual({ passed: 3, failed: 1, skipped: 3 })
  })

  test('counts a file that could not be loaded as a failure', () => {
    expect(tallyOf({ testResults: [file('passed', tests('passed')), file('failed', [])] })).toEqual({ passed: 1, failed: 1, skipped: 0 })
    expect(tallyOf({ testResults: [file('failed', tests('failed')), file('failed', []), file('failed', [])] })).toEqual({
      passed: 0,
      failed: 3,
      skipped: 0,
    })
  })

  test('counts a file whose hook failed, and whose tests therefore did not run, as a failure', () => {
    expect(tallyOf({ testResults: [file('failed', tests('skipped', 'skipped'))] })).toEqual({ passed: 0, failed: 1, skipped: 2 })
  })

  test('counts an error outside all tests as a failure', () => {
    expect(tallyOf({ testResults: [file('passed', tests('passed'))] })).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  test.each([
    ['that wrote no report', null],
    ['that found no test', { testResults: [] }],
    ['that skipped every test', { testResults: [file('passed', tests('skipped'))] }],
  ])('counts a run %s as a failure', (_, report) => {
    expect(tallyOf(report, 0).failed).toBe(1)
  })
})

describe('the end of the output', () => {
  const endOf = (report: JsonReport | null): readonly string[] => renderFailures(failuresIn(report))

  test('names each test that failed, with its place and what was wrong, without stack and colours', () => {
    const red =
      '\u001B[31mexpected 1 to be 2\u001B[39m\n    at Object.demand (/checkout/stage.ts:60:27)\n    at Object.demand (/checkout/stage.ts:61:1)'
    const report = {
      testResults: [
        file('failed', [{ status: 'passed' }, { status: 'failed', why: [`AssertionError: ${red}`, 'Error: and the clean-up failed'] }]),
      ],
    }
    expect(endOf(report)).toEqual([
      'FAILED  log/log.test.ts: a log > test 1',
      'FAILED    AssertionError: expected 1 to be 2',
      'FAILED    Error: and the clean-up failed',
    ])
  })

  test('names a file that could not be loaded, and says why', () => {
    expect(endOf({ testResults: [file('failed', [], 'Cannot find module ./x.ts')] })).toEqual([
      'FAILED  log/log.test.ts: the file itself, or a hook',
      'FAILED    Cannot find module ./x.ts',
    ])
  })

  test('says that something failed outside all tests, or that there is no report', () => {
    expect(endOf({ testResults: [file('passed', tests('passed'))] })).toEqual([
      'FAILED  an error outside all tests',
      'FAILED    vitest left with 1; what it said is above',
    ])
    expect(endOf(null)[0]).toBe('FAILED  no report')
  })

  test('is short, however much there is to say', () => {
    const lines = endOf({
      testResults: [file('failed', [{ status: 'failed', why: [Array.from({ length: 100 }, () => 'x'.repeat(1000)).join('\n')] }])],
    })
    expect(lines).toHaveLength(14)
    expect(lines.at(-1)).toBe('FAILED    (and 88 lines more, above)')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(260)
  })

  test('names nothing when all is well', () => {
    expect(renderFailures(failuresOf({ testResults: [file('passed', tests('passed'))] }, { exitCode: 0, root: '/checkout' }))).toEqual([])
  })
})

test('several runs are summed into one line', () => {
  const sum = total([
    { passed: 1, failed: 2, skipped: 3 },
    { passed: 10, failed: 20, skipped: 30 },
  ])
  expect(renderTally(sum)).toBe('11 passed, 22 failed, 33 skipped')
})

describe('a suite is run', () => {
  const bare: Machine = { env: {}, hasCommand: () => false, isExecutable: () => false }
  const runnable = (machine: Partial<Machine>) =>
    suites.filter((suite) => suite.missing({ ...bare, ...machine }) === null).map(({ project }) => project)

  test('without anything when it is the unit suite', () => {
    expect(runnable({})).toEqual(['unit'])
  })

  test('with Kafka when there is a kafka-server, and not with a broker that somebody else needs', () => {
    expect(runnable({ hasCommand: (name) => name === 'kafka-server' })).toEqual(['unit', 'kafka'])
    expect(runnable({ env: { KAFKA_BROKERS: '127.0.0.1:9092' } })).toEqual(['unit'])
  })

  test('with a control plane when etcd and kube-apiserver are there, and helm and Kafka beside them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-assets-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const name of ['etcd', 'kube-apiserver']) writeFileSync(join(folder, name), '', { mode: 0o755 })
    const env = { KUBEBUILDER_ASSETS: folder }
    expect(runnable({ env, hasCommand: () => true })).toEqual(['unit', 'kafka', 'cluster', 'kubernetes'])
    expect(runnable({ env, hasCommand: (name) => name === 'kafka-server' })).toEqual(['unit', 'kafka'])
    expect(runnable({ env: {}, hasCommand: () => true })).toEqual(['unit', 'kafka', 'cluster'])
  })

  test('with a browser when there is a Chromium, in its place or where CHROMIUM says', () => {
    expect(runnable({ isExecutable: (path) => path === '/usr/bin/chromium' })).toEqual(['unit', 'browser'])
    expect(runnable({ env: { CHROMIUM: '/opt/chrome' }, isExecutable: (path) => path === '/opt/chrome' })).toEqual(['unit', 'browser'])
    expect(chromiumPath({ CHROMIUM: '' })).toBe('/usr/bin/chromium')
  })

  test('or it is said what is missing and how to get it', () => {
    expect(suites.map((suite) => suite.missing(bare))).toEqual([
      null,
      expect.stringMatching(/kafka-server.*KAFKA_HOME/),
      expect.stringMatching(/mvn.*KAFKA_HOME.*maven/),
      expect.stringMatching(/etcd.*kube-apiserver.*KUBEBUILDER_ASSETS/),
      expect.stringMatching(/apt-get install chromium/),
    ])
  })
})
