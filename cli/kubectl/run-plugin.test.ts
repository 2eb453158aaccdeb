import { describe, expect, it, vi } from 'vitest'
import { annotations, apiVersion, channelKind, channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { eventType, renderEvent } from '../../operator/runtime/event-object.ts'
import { answerSuffix, questionOf } from '../../operator/reconcile/preview/question.ts'
import { smallestSpec } from '../../operator/testing/channel-builders.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../../operator/testing/memory-kubernetes.ts'
import { valueOf } from '../../operator/testing/kubernetes-api-contract.ts'
import { ok } from '../../program/result.ts'
import { type ConnectOptions, type PluginWorld, podType } from './cluster.ts'
import { isOldNode } from './node-version.ts'
import { askText, diffAsMergePatch } from './plan.ts'
import { runPlugin } from './run-plugin.ts'
import { ageOf } from './words.ts'

const nowMs = Date.parse('2026-01-02T00:00:00Z')

function aStored(
  name: string,
  status: Readonly<Record<string, unknown>> = {},
  spec: Readonly<Record<string, unknown>> = {},
): KubernetesObject {
  return { apiVersion, kind: channelKind, metadata: { name, namespace: 'shop' }, spec: { ...smallestSpec, ...spec }, status }
}
const ready = {
  conditions: [
    { type: 'Ready', status: 'True', reason: 'Reconciled', message: 'All is as asked.', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ],
  replicas: 2,
  readyReplicas: 2,
  className: 'default',
  topic: { name: 'shop.news', origin: 'Created', partitions: 3, replicas: 3 },
  route: { host: 'app.example.com', socket: '/wss/news', api: '/api/news' },
}
const stuck = {
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'KafkaUnreachable',
      message: 'No broker answers.\u001b[31m Check the brokers.',
      lastTransitionTime: '2026-01-01T23:59:00Z',
    },
  ],
}

interface Ran {
  readonly exit: string
  readonly stdout: string
  readonly stderr: string
}

async function run(api: MemoryKubernetes, argv: readonly string[], world: Partial<PluginWorld> = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' }
  const exit = await runPlugin(
    argv,
    {
      env: {},
      out: (text) => void (written.stdout += text),
      err: (text) => void (written.stderr += text),
      readFile: () => '',
      readInput: () => Promise.resolve(''),
      connect: ({ namespace }: ConnectOptions) =>
        ok({ api, namespace: namespace ?? 'shop', server: 'https://cluster.example.com', close: () => undefined }),
      now: () => nowMs,
      sleep: () => Promise.resolve(),
      interrupted: new AbortController().signal,
      ...world,
    },
    '0.0.0-test',
  )
  return { exit, ...written }
}

/** Creates an object with its status, as two clients do. */
async function store(api: MemoryKubernetes, type: ResourceType, object: KubernetesObject): Promise<void> {
  valueOf(await api.create(type, object))
  const { apiVersion: version, kind, metadata, status } = object
  const { name, namespace = '' } = metadata
  valueOf(
    await api.apply(
      type,
      { apiVersion: version, kind, metadata: { name, namespace }, status },
      { fieldManager: 'test', force: true, subresource: 'status' },
    ),
  )
}

const serverWith = async (...objects: readonly KubernetesObject[]): Promise<MemoryKubernetes> => {
  const api = createMemoryKubernetes({ now: () => nowMs - 86_400_000 })
  for (const object of objects) await store(api, channelType, object)
  return api
}

describe('kubectl carillon channels', () => {
  it('shows a table, and below it what to do about each channel that is not ready', async () => {
    const api = await serverWith(aStored('news', ready), aStored('chat', stuck), aStored('fresh'))
    const { exit, stdout } = await run(api, ['channels'])
    expect(exit).toBe('failed')
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'NAME | READY | REASON | PODS | HOST | TOPIC | CLASS | AGE',
      'chat | False | KafkaUnreachable | - | - | - | - | 24h',
      'fresh | Unknown | NotSeen | - | - | - | - | 24h',
      'news | True | Reconciled | 2/2 | app.example.com | shop.news | default | 24h',
      '',
      String.raw`chat: No broker answers.\u001b[31m Check the brokers.`,
      'fresh: No operator has looked at the channel yet. Check that one runs, and that it watches the namespace.',
      '',
    ])
  })

  it('is as data with --json, and exits with 0 when all are ready', async () => {
    const { exit, stdout } = await run(await serverWith(aStored('news', ready)), ['channels', '-A', '--json'])
    expect(exit).toBe('ok')
    expect(JSON.parse(stdout)).toMatchObject({
      channels: [{ namespace: 'shop', name: 'news', ready: 'True', topic: 'shop.news', replicas: 2 }],
    })
  })

  it('does not take the state before the last change for the state now', async () => {
    const { stdout } = await run(await serverWith(aStored('news', { ...ready, observedGeneration: 99 })), ['channels'])
    expect(stdout).toMatch(/^news +Unknown +NotSeen/m)
    expect(stdout).toContain('has not seen the last change')
  })

  it.each([
    ['forbidden', /You are not allowed to list channels in the namespace shop: nope\. Ask an administrator/],
    ['unauthorized', /does not accept your credentials/],
    ['unavailable', /https:\/\/cluster\.example\.com did not answer/],
    ['no-such-resource', /has no channels\. Install Carillon's chart/],
  ] as const)('says in words that the API server answered %s', async (kind, words) => {
    const api = await serverWith()
    api.failNext({ verb: 'list' }, { kind, message: 'nope' })
    const { exit, stderr } = await run(api, ['channels'])
    expect(exit).toBe('failed')
    expect(stderr).toMatch(words)
  })
})

describe('kubectl carillon status', () => {
  it('explains conditions, pods, topic and Events, and says which of them it may not read', async () => {
    const api = await serverWith(aStored('chat', { ...stuck, topic: ready.topic }))
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'chat-gateway-1',
        namespace: 'shop',
        labels: { 'app.kubernetes.io/instance': 'chat', 'app.kubernetes.io/name': 'carillon-gateway' },
      },
      status: { phase: 'Pending', containerStatuses: [{ restartCount: 3, state: { waiting: { reason: 'ImagePullBackOff' } } }] },
    }
    await store(api, podType, pod)
    api.failNext({ verb: 'list', type: 'events' }, { kind: 'forbidden', message: 'nope' })
    const { exit, stdout } = await run(api, ['status', 'chat'])
    expect(exit).toBe('failed')
    expect(stdout).toContain('Ready is False: KafkaUnreachable, since 60s')
    expect(stdout).toContain('      No broker answers in time. Running pods stay as they are')
    expect(stdout).toMatch(/Topic +shop\.news, 3 partitions, replication factor 3, created by the operator/)
    expect(stdout).toMatch(/chat-gateway-1 +ImagePullBackOff +3 restarts/)
    expect(stdout).toContain('You are not allowed to list Events in the namespace shop')
  })

  it('names the remedy for a channel that does not exist', async () => {
    const { exit, stderr } = await run(await serverWith(), ['status', 'nope'])
    expect(exit).toBe('failed')
    expect(stderr).toContain(
      'There is no channel nope in the namespace shop. Give its namespace with -n; kubectl carillon channels -A lists all.',
    )
  })
})

describe('kubectl carillon plan', () => {
  /** Answers as an operator does, when the annotation is there. */
  const answerWith = (api: MemoryKubernetes, note: string) => async (): Promise<void> => {
    const [channel] = api.objects(channelType)
    const question = channel === undefined ? null : questionOf(channel)
    if (channel === undefined || question === null) return
    const event = renderEvent(
      channel,
      { type: 'Normal', reason: 'Planned', action: 'Plan', note },
      { source: { controller: 'c', instance: 'i' }, suffix: answerSuffix(question), wallMs: nowMs },
    )
    await api.create(eventType, event)
  }
  const annotationOf = (api: MemoryKubernetes): string | undefined => api.objects(channelType)[0]?.metadata.annotations?.[annotations.plan]

  it('asks the operator about the difference to the file, prints the answer, and takes the annotation away', async () => {
    const api = await serverWith(aStored('news', ready, { gateway: { replicas: 2, logLevel: 'warn' } }))
    const asked: string[] = []
    const file = JSON.stringify(aStored('news', {}, { gateway: { replicas: 5 } }))
    const { exit, stdout, stderr } = await run(api, ['plan', '-f', 'news.yaml', '--json'], {
      readFile: () => file,
      sleep: async () => {
        asked.push(annotationOf(api) ?? '')
        await answerWith(api, 'No pods restart. Change Deployment/news-gateway.')()
      },
    })
    expect({ exit, stderr }).toEqual({ exit: 'ok', stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ exists: true, plan: 'No pods restart. Change Deployment/news-gateway.' })
    expect(JSON.parse(asked[0] ?? '')).toMatchObject({ gateway: { replicas: 5 } })
    expect(annotationOf(api)).toBeUndefined()
  })

  it('restores the annotation of another question, also when no operator answers, and says so', async () => {
    const stored = aStored('news', ready)
    const api = await serverWith({ ...stored, metadata: { ...stored.metadata, annotations: { [annotations.plan]: 'true' } } })
    let wallMs = nowMs
    const { exit, stderr } = await run(api, ['plan', 'news', '--timeout', '3'], { now: () => (wallMs += 1_000) })
    expect(exit).toBe('failed')
    expect(stderr).toContain('No operator has answered within 3 s. Check that one runs and watches the namespace shop')
    expect(annotationOf(api)).toBe('true')
  })

  it('leaves the question of another user, who asked in the meantime', async () => {
    const api = await serverWith(aStored('news', ready))
    const theirs = askText({ other: 1 }, Buffer.alloc(16))
    const { exit } = await run(api, ['plan', 'news'], {
      sleep: async () => {
        await answerWith(api, 'Nothing to do.')()
        valueOf(
          await api.mergePatch(
            channelType,
            { namespace: 'shop', name: 'news' },
            { metadata: { annotations: { [annotations.plan]: theirs } } },
          ),
        )
      },
    })
    expect(exit).toBe('ok')
    expect(annotationOf(api)).toBe(theirs)
  })

  it('does not bring back a question of this command, whose asker takes it away', async () => {
    const stored = aStored('news', ready)
    const theirs = askText({ other: 1 }, Buffer.alloc(16))
    const api = await serverWith({ ...stored, metadata: { ...stored.metadata, annotations: { [annotations.plan]: theirs } } })
    const { exit } = await run(api, ['plan', 'news'], { sleep: answerWith(api, 'Nothing to do.') })
    expect(exit).toBe('ok')
    expect(annotationOf(api)).toBeUndefined()
  })

  it('creates nothing for a channel that does not exist, and says how it can be planned', async () => {
    const api = await serverWith()
    const { exit, stdout } = await run(api, ['plan', '-f', '-'], { readInput: () => Promise.resolve(JSON.stringify(aStored('new'))) })
    expect(exit).toBe('ok')
    expect(stdout).toContain('The channel shop/new does not exist. The API server would accept it.')
    expect(api.objects(channelType)).toEqual([])
  })

  it('creates a channel paused, when asked to, and plans it', async () => {
    const api = await serverWith()
    const { exit, stdout, stderr } = await run(api, ['plan', '-f', '-', '--create-paused'], {
      readInput: () => Promise.resolve(JSON.stringify(aStored('new'))),
      sleep: answerWith(api, 'Create Deployment/new-gateway.'),
    })
    expect({ exit, stdout }).toEqual({ exit: 'ok', stdout: 'Create Deployment/new-gateway.\n' })
    expect(stderr).toContain('kubectl annotate rtc/new -n shop carillon.dev/paused-')
    expect(api.objects(channelType)[0]?.metadata.annotations).toEqual({ [annotations.paused]: 'true' })
  })

  it.each([
    ['kind: Pod', /not a RealtimeChannel/],
    ['a: [', /not one document of YAML or JSON/],
  ])('refuses the file %j as wrong use', async (text, words) => {
    const { exit, stderr } = await run(await serverWith(), ['plan', '-f', 'x'], { readFile: () => text })
    expect(exit).toBe('usage')
    expect(stderr).toMatch(words)
  })

  it('asks with a text that is new each time, and is the same patch', () => {
    const texts = [askText({ a: 1 }, Buffer.from([0, 1, 2, 3])), askText({ a: 1 }, Buffer.from([3, 2, 1, 0]))]
    expect(texts[0]).not.toBe(texts[1])
    expect(texts.map((text) => JSON.parse(text))).toEqual([{ a: 1 }, { a: 1 }])
  })

  it('finds what a merge patch must change and take away', () => {
    expect(diffAsMergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { a: 1, b: { c: 2 }, e: [1, 2] })).toEqual({
      b: { c: 2, d: null },
      e: [1, 2],
    })
  })
})

describe('the command line of kubectl carillon', () => {
  it.each([
    [['chanels'], /no command "chanels"\. Did you mean channels\?/],
    [['status'], /status needs the NAME of a channel/],
    [['channels', 'x'], /"x" is one argument too many/],
    [['status', 'x', '-A'], /status has no flag --all-namespaces/],
    [['plan'], /plan takes a NAME or -f FILE/],
    [['plan', 'x', '-f', 'y'], /plan takes a NAME or -f FILE/],
    [['channels', '--nope'], /--nope.*kubectl carillon channels --help lists the flags/],
  ])('refuses %j with the remedy', async (argv, words) => {
    const { exit, stdout, stderr } = await run(await serverWith(), argv)
    expect({ exit, stdout }).toEqual({ exit: 'usage', stdout: '' })
    expect(stderr).toMatch(words)
  })

  it('does not pick one of several kubeconfigs in silence', async () => {
    const { exit, stderr } = await run(await serverWith(), ['channels'], { env: { KUBECONFIG: '/a:/b' } })
    expect(exit).toBe('usage')
    expect(stderr).toContain('kubectl config view --flatten > FILE')
  })

  it.each([[['--help']], [['channels', '--help']], [['plan', '-h']], [['help', 'status']]])(
    '%j prints help and asks no cluster',
    async (argv) => {
      const connect = vi.fn<PluginWorld['connect']>()
      const { exit, stdout } = await run(await serverWith(), argv, { connect })
      expect(exit).toBe('ok')
      expect(stdout).toContain('kubectl carillon')
      expect(connect).not.toHaveBeenCalled()
    },
  )

  it('knows ages and old versions of Node.js', () => {
    expect([30, 3_600, 2 * 86_400].map((seconds) => ageOf(new Date(nowMs - seconds * 1000).toISOString(), nowMs))).toEqual([
      '30s',
      '60m',
      '2d',
    ])
    expect(['20.20.2', '22.18.0', '22.19.0', '24.0.0'].map(isOldNode)).toEqual([true, true, false, false])
  })
})
