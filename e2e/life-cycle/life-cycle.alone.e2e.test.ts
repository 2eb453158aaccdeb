import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { must } from '../platform/command.ts'
import { fieldManager } from '../platform/kubectl.ts'
import { listOf } from '../platform/manifests.ts'
import { root } from '../platform/open-platform.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { createStage, openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, testChannel } from '../testing/test-channel.ts'
import { topicsOf } from '../testing/topics.ts'

const small = { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } } } as const
const channel = 'steady'
let stage: Stage

beforeAll(async () => {
  stage = await openStage('life-cycle')
  await stage.apply(testChannel(stage, { name: channel, spec: small }))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
})
afterAll(() => stage?.leave())
beforeEach(() => stage.keepEvidence())

const topic = (name: string, namespace = stage.namespace): string => `${namespace}.${name}`
const withPolicy = (name: string, deletionPolicy: 'Retain' | 'Delete') => testChannel(stage, { name, spec: { ...small, topic: { partitions: 1, deletionPolicy }, route: { type: 'None' } } })
/** Names and ids of the gateways' pods: the same ids are the same pods, with all their connections. */
const podsOf = (name: string): Promise<string> => stage.demand(['get', 'pods', '--selector', `app.kubernetes.io/instance=${name}`, '--output', 'jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{"\\n"}{end}'])
const generationOf = (name: string): Promise<string> => stage.demand(['get', `deployment/${gatewayOf(name)}`, '--output', 'jsonpath={.metadata.generation}'])
const isAnswering = async (name: string): Promise<boolean> => (await stage.ask({ path: `/api/${name}/v1/openapi.json` }).catch(() => null))?.status === 200

const helm = (words: readonly string[], input?: string): Promise<string> =>
  must(stage.platform.run('helm', [...words, '--namespace', namespaces.operator], input === undefined ? {} : { input }), `helm ${words.join(' ')} did not work`)
const valuesInUse = (): Promise<string> => helm(['get', 'values', 'carillon', '--output', 'json'])

describe('a channel', () => {
  it('shows no drift after it was applied', async () => {
    const manifest = testChannel(stage, { name: channel, spec: small })
    const diff = await stage.kubectl(['diff', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`, '--filename', '-'], { input: listOf([manifest]) })
    expect(diff).toMatchObject({ code: 0, stdout: '' })
  })

  it('leaves its topic when it is deleted under Retain, and takes it along under Delete', async () => {
    await stage.apply(withPolicy('kept', 'Retain'), withPolicy('dropped', 'Delete'))
    await stage.reaches('rtc/kept', 'condition=Ready')
    await stage.reaches('rtc/dropped', 'condition=Ready')
    expect(await topicsOf(stage)).toEqual(expect.arrayContaining([topic('kept'), topic('dropped')]))
    await stage.demand(['delete', 'rtc', 'kept', 'dropped', '--wait', '--timeout=60s'])
    const left = await topicsOf(stage)
    expect(left).toContain(topic('kept'))
    expect(left).not.toContain(topic('dropped'))
  })

  it('finds its topic again when it comes back, and takes all that is its with it when it is deleted in the foreground', async () => {
    await stage.apply(withPolicy('kept', 'Retain'))
    await stage.reaches('rtc/kept', 'condition=Ready')
    await stage.demand(['delete', 'rtc/kept', '--cascade=foreground', '--wait', '--timeout=90s'])
    expect(await stage.demand(['get', 'deployments,services,serviceaccounts,poddisruptionbudgets,networkpolicies', '--selector', 'app.kubernetes.io/instance=kept', '--output', 'name'])).toBe('')
  })

  it('goes with its namespace, and does not hold it', async () => {
    const inner = createStage(stage.platform, 'e2e-life-cycle-inner')
    await inner.empty()
    await stage.demand(['create', 'namespace', inner.namespace])
    await inner.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'login-keys', namespace: inner.namespace }, data: { 'jwks.json': stage.platform.own.identity.jwks } })
    await inner.apply(testChannel(inner, { name: 'short', spec: { ...small, topic: { partitions: 1, deletionPolicy: 'Delete' }, route: { type: 'None' } } }))
    await inner.reaches('rtc/short', 'condition=Ready')
    await stage.demand(['delete', 'namespace', inner.namespace, '--wait', '--timeout=120s'])
    await expect.poll(() => topicsOf(stage), { timeout: 30_000, interval: 1000 }).not.toContain(topic('short', inner.namespace))
  })
})

describe('the chart', () => {
  it('changes nothing when it is applied once more', async () => {
    const before = [await podsOf(channel), await generationOf(channel)]
    await helm(['upgrade', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '120s', '--values', '-'], await valuesInUse())
    expect([await podsOf(channel), await generationOf(channel)]).toEqual(before)
  })

  it('is upgraded from that of the commit before, and no gateway is restarted', async () => {
    const { run } = stage.platform
    const folder = await mkdtemp(join(tmpdir(), 'carillon-chart-'))
    try {
      const archive = join(folder, 'chart.tar')
      const before = await run('git', ['-C', root, 'archive', '--output', archive, 'HEAD^', 'charts/carillon'])
      // A checkout of one commit alone has none before it: then the last one is what can be had.
      if (before.code !== 0) await must(run('git', ['-C', root, 'archive', '--output', archive, 'HEAD', 'charts/carillon']), 'git has no chart')
      await must(run('tar', ['-x', '-f', archive, '-C', folder]), 'tar did not work')
      const values = await valuesInUse()
      await helm(['upgrade', 'carillon', join(folder, 'charts/carillon'), '--wait', '--timeout', '120s', '--values', '-'], values)
      await stage.reaches(`rtc/${channel}`, 'condition=Ready')
      const pods = await podsOf(channel)
      await helm(['upgrade', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '120s', '--values', '-'], values)
      await stage.reaches(`rtc/${channel}`, 'condition=Ready')
      expect(await podsOf(channel)).toBe(pods)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('passes its own test', async () => {
    expect(await helm(['test', 'carillon'])).toContain('Succeeded')
  })

  it('is uninstalled before its channels: gateways serve on, the definition stays, and namespaces can be deleted', { timeout: 400_000 }, async () => {
    const orphan = createStage(stage.platform, 'e2e-life-cycle-orphan')
    await orphan.empty()
    await stage.demand(['create', 'namespace', orphan.namespace])
    await orphan.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'login-keys', namespace: orphan.namespace }, data: { 'jwks.json': stage.platform.own.identity.jwks } })
    await orphan.apply(testChannel(orphan, { name: 'orphan', spec: { ...small, topic: { partitions: 1, deletionPolicy: 'Delete' }, route: { type: 'None' } } }))
    await orphan.reaches('rtc/orphan', 'condition=Ready')
    const before = [await podsOf(channel), await generationOf(channel)]
    const values = await valuesInUse()
    await helm(['uninstall', 'carillon', '--wait', '--timeout', '180s'])
    try {
      expect(await stage.demand(['get', 'crd/realtimechannels.carillon.dev', '--output', 'name'])).toContain('realtimechannels.carillon.dev')
      expect(await isAnswering(channel)).toBe(true)
      expect([await podsOf(channel), await generationOf(channel)]).toEqual(before)
      await stage.demand(['delete', 'namespace', orphan.namespace, '--wait', '--timeout=120s'])
      // Nobody was there to delete it: records are never lost by accident.
      expect(await topicsOf(stage)).toContain(topic('orphan', orphan.namespace))
    } finally {
      await helm(['install', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '150s', '--values', '-'], values)
    }
    await stage.reaches(`rtc/${channel}`, 'condition=Ready')
    expect([await podsOf(channel), await generationOf(channel)]).toEqual(before)
  })
})
