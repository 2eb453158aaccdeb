import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chromiumPath } from '../../testing/engines/commands.ts'
import { type Machine, suites } from './suites.ts'

describe('make test', () => {
  const bare: Machine = { env: {}, hasCommand: () => false, isExecutable: () => false }
  const runnable = (machine: Partial<Machine>) =>
    suites.filter((suite) => suite.missing({ ...bare, ...machine }) === null).map(({ project }) => project)

  test('runs the unit suite on every machine', () => {
    expect(runnable({})).toEqual(['unit'])
  })

  test('runs the Kafka suite with a kafka-server on the PATH, and not against a running broker', () => {
    expect(runnable({ hasCommand: (name) => name === 'kafka-server' })).toEqual(['unit', 'kafka'])
    expect(runnable({ env: { KAFKA_BROKERS: '127.0.0.1:9092' } })).toEqual(['unit'])
  })

  test('runs the Kubernetes suite with etcd, kube-apiserver, helm and Kafka', () => {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-assets-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const name of ['etcd', 'kube-apiserver']) writeFileSync(join(folder, name), '', { mode: 0o755 })
    const env = { KUBEBUILDER_ASSETS: folder }
    expect(runnable({ env, hasCommand: () => true })).toEqual(['unit', 'kafka', 'cluster', 'kubernetes'])
    expect(runnable({ env, hasCommand: (name) => name === 'kafka-server' })).toEqual(['unit', 'kafka'])
    expect(runnable({ env: {}, hasCommand: () => true })).toEqual(['unit', 'kafka', 'cluster'])
  })

  test('runs the browser suite with a Chromium at its usual path or at CHROMIUM', () => {
    expect(runnable({ isExecutable: (path) => path === '/usr/bin/chromium' })).toEqual(['unit', 'browser'])
    expect(runnable({ env: { CHROMIUM: '/opt/chrome' }, isExecutable: (path) => path === '/opt/chrome' })).toEqual(['unit', 'browser'])
    expect(chromiumPath({ CHROMIUM: '' })).toBe('/usr/bin/chromium')
  })

  test('runs the suite of engines with Chromium, Firefox, WebKitWebDriver and Xvfb, and not without one of them', () => {
    const needed = ['firefox-esr', 'WebKitWebDriver', 'Xvfb']
    const isExecutable = (path: string): boolean => path === '/usr/bin/chromium'
    const withCommands = (names: readonly string[]) => runnable({ hasCommand: (name) => names.includes(name), isExecutable })
    expect(withCommands(needed)).toEqual(['unit', 'browser', 'engines'])
    expect(withCommands(['firefox', ...needed.slice(1)])).toEqual(['unit', 'browser', 'engines'])
    for (const name of needed) expect(withCommands(needed.filter((other) => other !== name))).toEqual(['unit', 'browser'])
    expect(runnable({ hasCommand: (name) => needed.includes(name) })).toEqual(['unit'])
  })

  test('names what a suite needs and how to get it', () => {
    expect(suites.map((suite) => suite.missing(bare))).toEqual([
      null,
      expect.stringMatching(/kafka-server.*KAFKA_HOME/),
      expect.stringMatching(/mvn.*KAFKA_HOME.*maven/),
      expect.stringMatching(/etcd.*kube-apiserver.*KUBEBUILDER_ASSETS/),
      expect.stringMatching(/apt-get install chromium/),
      expect.stringMatching(
        /apt-get install chromium.*firefox-esr.*WebKitWebDriver.*Xvfb.*apt-get install firefox-esr webkit2gtk-driver xvfb/,
      ),
    ])
  })
})
