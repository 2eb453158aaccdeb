import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dashboards, expressionsOf, withEverythingChosen } from '../../scripts/chart/dashboards.ts'
import { renderedObjects } from '../../scripts/chart/helm.ts'
import { namespaces } from '../platform/platform-steps.ts'
import type { User } from '../proof/plan.ts'
import type { SdkClient } from '../../testing/clients/sdk-client.ts'
import { connectThroughIngress } from '../testing/ingress-client.ts'
import { writeTrace } from '../testing/results.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { emitPath, gatewayOf, socketPath, testChannel } from '../testing/test-channel.ts'
import { until } from '../../testing/until.ts'
import { type Collector, openCollector } from './collector.ts'
import {
  bringPrometheus,
  discover,
  forgetPrometheus,
  openPrometheus,
  peerOf,
  type Prometheus,
  prometheusObjects,
  readAlerts,
} from './prometheus.ts'
import type { Monitor } from './scrape-configs.ts'
import { childrenOf, renderTrace, type TracedSpan } from './trace.ts'

const channel = 'watched'
let stage: Stage
let collector: Collector
let prometheus: Prometheus
const clients: SdkClient<User>[] = []

const variables = (endpoint: string) =>
  [
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: endpoint },
    { name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'http/json' },
    // The test waits for the spans.
    { name: 'OTEL_BSP_SCHEDULE_DELAY', value: '200' },
  ] as const

const isMonitor = ({ kind }: { readonly kind: string }): boolean => kind === 'ServiceMonitor' || kind === 'PodMonitor'

async function install({ image, node }: { readonly image: string; readonly node: string }): Promise<void> {
  const rendered = renderedObjects(
    ['--set', 'metrics.serviceMonitor.enabled=true', '--set', 'metrics.podMonitor.enabled=true'],
    namespaces.operator,
  )
  // The chart's tests check this shape.
  const monitors = rendered.filter(isMonitor) as unknown as readonly Monitor[]
  await stage.apply(
    ...prometheusObjects({
      namespace: stage.namespace,
      image,
      node,
      monitors,
      rules: await readAlerts(stage),
      found: await discover(stage),
    }),
  )
}

beforeAll(async () => {
  stage = await openStage('observability')
  const brought = bringPrometheus(stage)
  collector = await openCollector(stage)
  const gateway = {
    replicas: 2,
    drainSeconds: 0,
    resources: { requests: { cpu: '50m', memory: '192Mi' } },
    env: [...variables(collector.endpoint)],
  }
  await stage.apply(testChannel(stage, { name: channel, spec: { gateway, network: { metricsFrom: [peerOf(stage.namespace)] } } }))
  // Discovery needs pods that exist.
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  await install(await brought)
  prometheus = await openPrometheus(stage, collector)
})
afterAll(async () => {
  for (const client of clients) client.close()
  if (stage !== undefined) await forgetPrometheus(stage)
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

const words = async (...command: readonly string[]): Promise<readonly string[]> => (await stage.demand(command)).trim().split(/\s+/)
const gatewayPods = (): Promise<readonly string[]> =>
  words('get', 'pods', '--selector', `app.kubernetes.io/instance=${channel}`, '--output', 'jsonpath={.items[*].metadata.name}')

interface Target {
  readonly health: string
  readonly lastError: string
  readonly labels: Readonly<Record<string, string>>
}
const targets = async (): Promise<readonly Target[]> =>
  ((await prometheus.ask('targets?state=active')) as { readonly activeTargets: readonly Target[] }).activeTargets

describe('Prometheus', () => {
  it('finds every gateway and every operator by the monitors of the chart, and may scrape them', async () => {
    const operators = await words(
      'get',
      'pods',
      '--namespace',
      namespaces.operator,
      '--selector',
      'app.kubernetes.io/name=carillon-operator',
      '--output',
      'jsonpath={.items[*].metadata.name}',
    )
    const pods = [...(await gatewayPods()), ...operators].toSorted()
    const found = async () =>
      (await targets())
        .map(({ health, lastError, labels }) => ({ pod: labels['pod'], health, lastError }))
        .toSorted((a, b) => String(a.pod).localeCompare(String(b.pod)))
    await expect.poll(found, { interval: 1000 }).toEqual(pods.map((pod) => ({ pod, health: 'up', lastError: '' })))
    expect(
      (await targets())
        .filter(({ labels }) => labels['namespace'] === stage.namespace)
        .map(({ labels: { job, carillon_dev_channel: name } }) => ({ job, name })),
    ).toEqual([0, 1].map(() => ({ job: 'carillon-system/carillon-gateways', name: channel })))
  })
})

describe('a trace', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const callerSpanId = '00f067aa0ba902b7'
  const named = (spans: readonly TracedSpan[], name: string): readonly TracedSpan[] => spans.filter((span) => span.name === name)

  it('leads from the emit of a service, through the replay log, to a socket on every pod', async () => {
    const ada = { id: 'ada', username: 'ada', organization: 'acme', roles: [] }
    const pods = await gatewayPods()
    const haveClients = async (): Promise<boolean> =>
      (await prometheus.evaluate(['carillon_sessions{transport="websocket"} > 0']))[0] === pods.length
    // The ingress chooses the pod, so clients connect until each pod has one.
    await until(
      async () => {
        if (clients.length < 20 && clients.every(({ isOpen }) => isOpen))
          clients.push(
            connectThroughIngress(stage.platform, { user: ada, path: socketPath(channel), token: stage.token({ user_id: 'ada' }) }),
          )
        return haveClients()
      },
      { what: 'connections to each pod' },
    )
    await until(() => clients.every(({ isOpen }) => isOpen), { what: 'all clients to be connected' })

    const answer = await stage.ask({
      path: emitPath(channel),
      method: 'POST',
      body: JSON.stringify({ type: 'order', users: ['ada'], payload: { number: 1, key: null, sentAtMs: Date.now() } }),
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${stage.token({ user_id: 'shop', scope: 'carillon.emit' })}`,
        traceparent: `00-${traceId}-${callerSpanId}-01`,
      },
    })
    expect(answer).toMatchObject({ status: 202 })
    await until(() => clients.every(({ received }) => received.length === 1), { what: 'the event on every connection' })
    const spans = await spansOnceAll(2 + 2 * pods.length)

    const trace = renderTrace(spans, callerSpanId)
    await writeTrace(trace)
    const below = (parents: readonly TracedSpan[]): readonly TracedSpan[] => parents.flatMap(({ spanId }) => childrenOf(spans, spanId))
    const emits = childrenOf(spans, callerSpanId)
    expect(
      emits.map(({ name }) => name),
      trace,
    ).toEqual(['emit'])
    expect(
      below(emits).map(({ name, pod }) => ({ name, pod })),
      trace,
    ).toEqual([{ name: 'publish', pod: emits[0]?.pod }])
    const consumes = below(below(emits))
    expect(
      consumes.map(({ name }) => name),
      trace,
    ).toEqual(pods.map(() => 'consume'))
    expect(consumes.map(({ pod }) => pod).toSorted(), trace).toEqual(pods.toSorted())
    for (const consume of consumes)
      expect(
        childrenOf(spans, consume.spanId).map(({ name, pod }) => ({ name, pod })),
        trace,
      ).toEqual([{ name: 'deliver', pod: consume.pod }])
    // No span appears twice, and none has another parent.
    expect(spans).toHaveLength(2 + 2 * pods.length)
    expect(new Set(named(spans, 'deliver').map(({ pod }) => pod)).size).toBe(pods.length)
  })

  async function spansOnceAll(count: number): Promise<readonly TracedSpan[]> {
    // After the time-out the assertions report what is missing.
    await until(async () => (await collector.spans(traceId)).length >= count, { what: `${count} spans`, everyMs: 500 }).catch(() => {})
    return collector.spans(traceId)
  }
})

describe("the chart's rules and dashboards", () => {
  interface Rule {
    readonly name: string
    readonly query: string
    readonly health: string
    readonly lastError?: string
  }
  const rules = async (): Promise<readonly Rule[]> =>
    ((await prometheus.ask('rules')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] }).groups.flatMap(
      (group) => group.rules,
    )

  it('are accepted by Prometheus and evaluate without an error', async () => {
    const written = [...(await readAlerts(stage)).matchAll(/- alert: (\w+)/g)].map(([, alert]) => alert)
    await until(async () => (await rules()).every(({ health }) => health !== 'unknown'), {
      what: 'the rules to be evaluated',
      everyMs: 500,
    })
    const all = await rules()
    expect(all.map(({ name }) => name)).toEqual(written)
    expect(all.filter(({ health, lastError }) => health !== 'ok' || (lastError ?? '') !== '')).toEqual([])
  })

  it('find series, in every alert and on every panel of a dashboard', async () => {
    // Without its threshold an alert has a value at any time. An expression without a value could never fire.
    const alerts = (await rules()).map(({ name, query }) => ({
      where: name,
      expression: query.replaceAll(/ (?:>|<|==) [\d.]+(?= |$)/g, ''),
    }))
    const panels = dashboards
      .flatMap(expressionsOf)
      .map(({ where, expression }) => ({ where, expression: withEverythingChosen(expression, '1m') }))
    const all = [...alerts, ...panels]
    expect(all.length).toBeGreaterThan(70)
    // A rate needs two scrapes of each pod; they exist a moment later.
    const wrong = async () => {
      const values = await prometheus.evaluate(all.map(({ expression }) => expression))
      return all.map((each, index) => ({ ...each, gives: values[index] })).filter(({ gives }) => typeof gives === 'string' || gives === 0)
    }
    await expect.poll(wrong, { interval: 1000 }).toEqual([])
  })
})

describe('the pods', () => {
  it('log one JSON object per line, and nothing else', async () => {
    const log = await stage.demand(['logs', `deployment/${gatewayOf(channel)}`])
    const lines = log.trim().split('\n')
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.filter((line) => !isObject(line))).toEqual([])
  })

  it('report each Event of a channel once', async () => {
    const reported = (
      await stage.demand([
        'get',
        'events',
        '--field-selector',
        `involvedObject.kind=RealtimeChannel,involvedObject.name=${channel}`,
        '--output',
        'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
      ])
    )
      .trim()
      .split('\n')
    expect(reported.map((each) => each.split(':')[0])).toEqual(expect.arrayContaining(['TopicCreated', 'Reconciled']))
    expect(reported.toSorted()).toEqual([...new Set(reported)].toSorted())
  })
})

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    // Not JSON: the test shows the line.
    return false
  }
}
