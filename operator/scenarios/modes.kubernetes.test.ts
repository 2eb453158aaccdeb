import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import { releasePermissions } from '../permissions.ts'
import { names } from '../reconcile/settings.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { covers, checkedRequests } from '../testing/permission-matcher.ts'
import { readingVerbs, startRecordingProxy, type RecordedRequest, type RecordingProxy } from '../testing/recording-proxy.ts'
import { soon, untilReady } from '../testing/scenario.ts'
import { operatorUser, startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster?.stop())

interface Ended {
  readonly code: number | null
  /** Lines on standard output. */
  readonly lines: readonly string[]
  readonly requests: readonly RecordedRequest[]
}

/** Runs an operator that ends by itself. Each test has its own namespace, which its operators watch alone. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { proxy, operator } = await start(args, env)
  const { code } = await operator.exited
  await proxy.stop()
  return { code, lines: linesOf(operator.stdout), requests: proxy.requests }
}

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const proxy = await startRecordingProxy(cluster.plane)
  const operator = await cluster.startOperator({
    args,
    env,
    isWaitedFor: false,
    kubeconfig: proxy.kubeconfig(cluster.plane.userToken(operatorUser)),
  })
  return { proxy, operator }
}

const linesOf = (stdout: string): readonly string[] => stdout.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
const writesOf = ({ requests }: Pick<RecordingProxy, 'requests'>): readonly RecordedRequest[] =>
  requests.filter(({ verb }) => !readingVerbs.has(verb))
const onLease = ({ resource }: RecordedRequest): boolean => resource === 'leases'

describe('--dry-run', () => {
  it('prints the plan of each channel, and writes nothing, not even the Lease', async () => {
    const namespace = await cluster.makeNamespace()
    const channel = testChannel(cluster, namespace)
    await channel.apply({ topic: { deletionPolicy: 'Delete' } })
    const { code, lines, requests } = await run(['--once', '--dry-run'], { NAMESPACES: namespace })
    expect(lines[0]).toMatch(new RegExp(`^${namespace}/news: `))
    for (const what of [`${namespace}.news`, 'Then start', 'Service', 'NetworkPolicy', 'finalizer'])
      expect(lines.join('\n')).toContain(what)
    expect(lines.at(-1)).toBe('1 channels, 1 not converged.')
    expect(code).toBe(1)
    expect(writesOf({ requests })).toEqual([])
    expect([Object.keys(await channel.versions()), await channel.topic(), await channel.status()]).toEqual([['RealtimeChannel'], null, {}])
  })

  it('without --once keeps running beside an operator that works', async () => {
    const channel = testChannel(cluster, await cluster.makeNamespace())
    const { proxy, operator } = await start(['--dry-run'], { NAMESPACES: channel.namespace })
    await operator.line('watches synced')
    await channel.apply()
    await soon(() => expect(operator.stdout).toContain(`${channel.namespace}/news: `))
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await proxy.stop()
    expect(writesOf(proxy)).toEqual([])
  })
})

describe('--once', () => {
  it('applies all plans, and returns by its exit code whether all channels have converged', async () => {
    const namespace = await cluster.makeNamespace()
    const channel = testChannel(cluster, namespace)
    await channel.apply()
    expect(await run(['--once'], { NAMESPACES: namespace })).toMatchObject({
      code: 0,
      lines: expect.arrayContaining(['1 channels, 0 not converged.']),
    })
    expect(await channel.topic()).toMatchObject({ partitions: 3 })
    await channel.until('TopicReady', 'True', 'TopicAsAsked')
    const before = await channel.versions()
    const again = await run(['--once'], { NAMESPACES: namespace })
    expect([again.code, writesOf(again).filter((write) => !onLease(write)), await channel.versions()]).toEqual([0, [], before])

    const bad = testChannel(cluster, namespace, 'bad')
    await bad.apply({ kafka: { bootstrapServers: ['127.0.0.1:1'] } })
    const { code, lines } = await run(['--once'], { NAMESPACES: namespace })
    expect(code).toBe(1)
    expect(lines).toContainEqual(expect.stringContaining(`${namespace}/bad: `))
    expect(lines.at(-1)).toBe('2 channels, 1 not converged.')
    await bad.until('TopicReady', 'False', 'KafkaUnreachable')
  })

  it('waits until no other operator leads', async () => {
    const NAMESPACES = await cluster.makeNamespace()
    const working = await cluster.startOperator({ env: { NAMESPACES } })
    await working.line('became leader')
    const { proxy, operator } = await start(['--once'], { NAMESPACES })
    await soon(() => expect(operator.stdout).toContain('Waiting until no other operator leads'))
    // It has read the Lease more than once.
    await soon(() => expect(proxy.requests.filter(onLease).length).toBeGreaterThan(2))
    expect(writesOf(proxy)).toEqual([])
    working.signal('SIGTERM')
    await working.exited
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await proxy.stop()
  })
})

describe('--release-finalizers', () => {
  it('waits for the last operator, removes the finalizers, keeps topics, and needs only its own permissions', async () => {
    const namespace = await cluster.makeNamespace()
    const working = await cluster.startOperator({ env: { NAMESPACES: namespace } })
    const [held, free] = [testChannel(cluster, namespace, 'held'), testChannel(cluster, namespace, 'free')]
    await held.apply({ topic: { deletionPolicy: 'Delete' } })
    await free.apply()
    await untilReady(held)
    expect((await held.get()).metadata.finalizers).toEqual([names.finalizer])

    const dry = await run(['--release-finalizers', '--dry-run'], { NAMESPACES: namespace })
    expect([dry.code, dry.lines, writesOf(dry)]).toEqual([
      0,
      [`${namespace}/held: would be released; its topic stays`, '1 channels would be released, 0 failed.'],
      [],
    ])

    const { proxy, operator } = await start(['--release-finalizers'], { NAMESPACES: namespace })
    await soon(() => expect(proxy.requests.filter(onLease).length).toBeGreaterThan(2))
    expect(writesOf(proxy)).toEqual([])
    working.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await proxy.stop()
    expect(linesOf(operator.stdout).slice(1)).toEqual([
      `${namespace}/held: was released; its topic stays`,
      '1 channels released, 0 failed.',
    ])
    expect((await held.get()).metadata.finalizers).toBe(undefined)
    const places = { ownNamespace: 'default', watchNamespaces: [] }
    expect(
      proxy.requests.filter((request) =>
        checkedRequests(request, request.code).some((each) => !releasePermissions.some((permission) => covers(permission, each, places))),
      ),
    ).toEqual([])

    // No finalizer holds the channel, and no operator deletes its topic.
    valueOf(await cluster.api.delete(channelType, held, {}))
    expect((await cluster.api.get(channelType, held)).ok).toBe(false)
    expect(await cluster.topics.describe(`${namespace}.held`)).toMatchObject({ ok: true, value: { partitions: 3 } })
  })
})
