import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chromiumPath, suites, type Machine } from './test-suites.ts'
import { renderTally, tally, total } from './test-tally.ts'

const file = (status: string, ...statuses: string[]) => ({ status, assertionResults: statuses.map((each) => ({ status: each })) })

describe('the tally of a run', () => {
  test('counts tests, over all files', () => {
    const report = { testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'failed', 'passed', 'todo', 'pending')] }
    expect(tally(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 3 })
  })

  test('counts a file that could not be loaded as a failure', () => {
    expect(tally({ testResults: [file('passed', 'passed'), file('failed')] }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
    expect(tally({ testResults: [file('failed', 'failed'), file('failed'), file('failed')] }, 1)).toEqual({ passed: 0, failed: 3, skipped: 0 })
  })

  test('counts a file whose hook failed, and whose tests therefore did not run, as a failure', () => {
    expect(tally({ testResults: [file('failed', 'skipped', 'skipped')] }, 1)).toEqual({ passed: 0, failed: 1, skipped: 2 })
  })

  test('counts an error outside all tests as a failure', () => {
    expect(tally({ testResults: [file('passed', 'passed')] }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  test.each([
    ['that wrote no report', null, 0],
    ['that found no test', { testResults: [] }, 0],
    ['that skipped every test', { testResults: [file('passed', 'skipped')] }, 0],
  ])('counts a run %s as a failure', (_, report, exitCode) => {
    expect(tally(report, exitCode).failed).toBe(1)
  })
})

test('several runs are summed into one line', () => {
  const sum = total([{ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 }])
  expect(renderTally(sum)).toBe('11 passed, 22 failed, 33 skipped')
})

describe('a suite is run', () => {
  const bare: Machine = { env: {}, hasCommand: () => false, isExecutable: () => false }
  const runnable = (machine: Partial<Machine>) => suites.filter((suite) => suite.missing({ ...bare, ...machine }) === null).map(({ project }) => project)

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
    expect(runnable({ env, hasCommand: () => true })).toEqual(['unit', 'kafka', 'kubernetes'])
    expect(runnable({ env, hasCommand: (name) => name === 'kafka-server' })).toEqual(['unit', 'kafka'])
    expect(runnable({ env: {}, hasCommand: () => true })).toEqual(['unit', 'kafka'])
  })

  test('with a browser when there is a Chromium, in its place or where CHROMIUM says', () => {
    expect(runnable({ isExecutable: (path) => path === '/usr/bin/chromium' })).toEqual(['unit', 'browser'])
    expect(runnable({ env: { CHROMIUM: '/opt/chrome' }, isExecutable: (path) => path === '/opt/chrome' })).toEqual(['unit', 'browser'])
    expect(chromiumPath({ CHROMIUM: '' })).toBe('/usr/bin/chromium')
  })

  test('or it is said what is missing and how to get it', () => {
    expect(suites.map((suite) => suite.missing(bare))).toEqual([null, expect.stringMatching(/kafka-server.*KAFKA_HOME/), expect.stringMatching(/etcd.*kube-apiserver.*KUBEBUILDER_ASSETS/), expect.stringMatching(/apt-get install chromium/)])
  })
})
