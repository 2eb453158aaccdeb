import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { must } from '../platform/command.ts'
import { root } from '../platform/open-platform.ts'
import { helm, valuesInUse } from '../testing/helm.ts'
import { openStage, type Stage } from '../testing/stage.ts'
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
afterAll(async () => {
  // The next suite waits for this one's namespace. A namespace with pods checks again only after half of their termination grace period.
  await stage?.kubectl(['delete', 'rtc', '--all', '--cascade=foreground', '--timeout=120s'])
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

/** Returns names and ids of the gateways' pods: the same ids mean the same pods, with all their connections. */
const podsOf = (name: string): Promise<string> =>
  stage.demand([
    'get',
    'pods',
    '--selector',
    `app.kubernetes.io/instance=${name}`,
    '--output',
    'jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].restartCount}{"\\n"}{end}',
  ])
const generationOf = (name: string): Promise<string> =>
  stage.demand(['get', `deployment/${gatewayOf(name)}`, '--output', 'jsonpath={.metadata.generation}'])
const isAnswering = async (name: string): Promise<boolean> =>
  (await stage.ask({ path: `/api/${name}/v1/openapi.json` }).catch(() => null))?.status === 200

describe('the chart', () => {
  it('changes nothing when it is applied once more', async () => {
    const before = [await podsOf(channel), await generationOf(channel)]
    await helm(
      stage.platform,
      ['upgrade', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '240s', '--values', '-'],
      await valuesInUse(stage.platform),
    )
    expect([await podsOf(channel), await generationOf(channel)]).toEqual(before)
  })

  it('upgrades from the chart of the commit before without restarting a gateway', async () => {
    const { run } = stage.platform
    const folder = await mkdtemp(join(tmpdir(), 'carillon-chart-'))
    try {
      const archive = join(folder, 'chart.tar')
      const before = await run('git', ['-C', root, 'archive', '--output', archive, 'HEAD^', 'charts/carillon'])
      // A shallow checkout has no commit before; then the last one serves.
      if (before.code !== 0)
        await must(run('git', ['-C', root, 'archive', '--output', archive, 'HEAD', 'charts/carillon']), 'git has no chart')
      await must(run('tar', ['-x', '-f', archive, '-C', folder]), 'tar did not work')
      const values = await valuesInUse(stage.platform)
      await helm(
        stage.platform,
        ['upgrade', 'carillon', join(folder, 'charts/carillon'), '--wait', '--timeout', '240s', '--values', '-'],
        values,
      )
      await stage.reaches(`rtc/${channel}`, 'condition=Ready')
      const pods = await podsOf(channel)
      await helm(
        stage.platform,
        ['upgrade', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '240s', '--values', '-'],
        values,
      )
      await stage.reaches(`rtc/${channel}`, 'condition=Ready')
      expect(await podsOf(channel)).toBe(pods)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('passes its own test', async () => {
    expect(await helm(stage.platform, ['test', 'carillon'])).toContain('Succeeded')
  })

  it('is uninstalled before its channels: gateways keep serving, the definition stays, and namespaces can be deleted', async () => {
    // Without pods: a namespace waits for its pods as long as their grace period.
    const orphan = await openStage('life-cycle-orphan')
    await orphan.apply(
      testChannel(orphan, {
        name: 'orphan',
        spec: { gateway: { replicas: 0 }, topic: { partitions: 1, deletionPolicy: 'Delete' }, route: { type: 'None' } },
      }),
    )
    await orphan.reaches('rtc/orphan', 'condition=Ready')
    const before = [await podsOf(channel), await generationOf(channel)]
    const values = await valuesInUse(stage.platform)
    await helm(stage.platform, ['uninstall', 'carillon', '--wait', '--timeout', '240s'])
    try {
      expect(await stage.demand(['get', 'crd/realtimechannels.carillon.dev', '--output', 'name'])).toContain(
        'realtimechannels.carillon.dev',
      )
      expect(await isAnswering(channel)).toBe(true)
      expect([await podsOf(channel), await generationOf(channel)]).toEqual(before)
      await stage.demand(['delete', 'namespace', orphan.namespace, '--wait', '--timeout=120s'])
      // No operator was there to delete the topic: records are never lost by accident.
      expect(await topicsOf(stage)).toContain(`${orphan.namespace}.orphan`)
    } finally {
      await helm(
        stage.platform,
        ['install', 'carillon', join(root, 'charts/carillon'), '--wait', '--timeout', '240s', '--values', '-'],
        values,
      )
    }
    await stage.reaches(`rtc/${channel}`, 'condition=Ready')
    expect([await podsOf(channel), await generationOf(channel)]).toEqual(before)
  })
})
