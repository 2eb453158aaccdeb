import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiVersion, channelKind } from '../../api/v1alpha1/realtime-channel.ts'
import { smallestSpec } from '../../operator/testing/channel-builders.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../../operator/testing/test-cluster.ts'

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

describe('kubectl carillon, on a real API server with a real operator', () => {
  let cluster: TestCluster
  let channel: TestChannel
  let stranger: string

  beforeAll(async () => {
    cluster = await startTestCluster({ users: ['stranger'] })
    await cluster.startOperator()
    channel = testChannel(cluster, await cluster.makeNamespace())
    await channel.apply()
    await channel.until('Ready', 'False', 'GatewayProgressing')
    stranger = join(cluster.plane.directory, 'stranger-kubeconfig')
    await writeFile(stranger, cluster.plane.userKubeconfig('stranger'))
  })
  afterAll(() => cluster?.stop())

  function plugin(args: readonly string[], kubeconfig = cluster.plane.kubeconfigFile, input = ''): Promise<Ran> {
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig } })
    const written = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk) => (written[stream] += String(chunk)))
    child.stdin.end(input)
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...written })))
  }

  const manifest = (name: string, more: object): string =>
    JSON.stringify({ apiVersion, kind: channelKind, metadata: { name, namespace: channel.namespace }, spec: { ...smallestSpec, ...more } })

  it('lists the channel, with what to do while it is not ready, and with 0 when it is', async () => {
    const before = await plugin(['channels', '-n', channel.namespace])
    expect(before).toMatchObject({ code: 1, stderr: '' })
    expect(before.stdout).toMatch(new RegExp(`^news +False +GatewayProgressing +\\S+ +- +${channel.namespace}\\.news +\\S+ +\\S+$`, 'm'))
    await channel.pretendAvailable()
    await channel.until('Ready', 'True', 'Reconciled')
    expect(await plugin(['channels', '-A'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S+ +news +True +Reconciled +2\/2/m),
    })
  })

  it('explains the state, with the Events of the operator', async () => {
    const { stdout } = await plugin(['status', 'news', '-n', channel.namespace])
    expect(stdout).toContain('TopicReady is True: TopicAsAsked')
    expect(stdout).toMatch(new RegExp(`Topic +${channel.namespace}\\.news, 3 partitions, replication factor 1, created by the operator`))
    expect(stdout).toMatch(/Events, the last 10:\n {2}\d+[smh] +(Normal|Warning) /)
  })

  it('plans the file on the running operator, twice with an answer of now, and leaves the channel as it was', async () => {
    const before = await channel.get()
    const ask = () => plugin(['plan', '-f', '-'], undefined, manifest('news', { gateway: { replicas: 5 } }))
    const answer = { code: 0, stdout: 'No pods restart. Change Deployment/news-gateway: spec.replicas from 2 to 5.\n', stderr: '' }
    expect(await ask()).toEqual(answer)
    expect(await ask()).toEqual(answer)
    const after = await channel.get()
    expect([after['spec'], after.metadata.annotations ?? {}]).toEqual([before['spec'], before.metadata.annotations ?? {}])
    expect(await plugin(['plan', 'news', '-n', channel.namespace])).toMatchObject({
      code: 0,
      stdout: 'Nothing: all is as the channel asks.\n',
    })
  })

  it('says what the API server refuses, before the operator is asked', async () => {
    const { code, stderr } = await plugin(['plan', '-f', '-'], undefined, manifest('news', { gateway: { replicas: 5_000 } }))
    expect(code).toBe(1)
    expect(stderr).toMatch(/The API server refuses to apply the channel news: .*replicas/)
  })

  it('creates a new channel paused, and plans it without making anything', async () => {
    const { code, stdout } = await plugin(['plan', '-f', '-', '--create-paused'], undefined, manifest('fresh', {}))
    expect(code).toBe(0)
    expect(stdout).toContain(`Create topic ${channel.namespace}.fresh with 3 partitions.`)
    const fresh = testChannel(cluster, channel.namespace, 'fresh')
    expect([await fresh.topic(), await fresh.child('Service')]).toEqual([null, null])
  })

  it('says in words what a user without rights may not do', async () => {
    for (const args of [['channels'], ['status', 'news'], ['plan', 'news']])
      expect(await plugin([...args, '-n', channel.namespace], stranger)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^kubectl carillon: You are not allowed to (list channels|read the channel news) in the namespace \S+: .*Ask an administrator/,
        ),
      })
  })

  it('names the contexts of the kubeconfig when the one that was given is not among them', async () => {
    expect(await plugin(['channels', '--context', 'nope'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has no context nope; it has \S+/),
    })
  })
})
