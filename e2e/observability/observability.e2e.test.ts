import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { must } from '../platform/command.ts'
import { root } from '../platform/open-platform.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { metricsOf, parseSeries, type Series } from '../testing/prometheus-text.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, testChannel } from '../testing/test-channel.ts'

const channel = 'watched'
/** Labels that Prometheus adds to what it scrapes. */
const added = ['job', 'pod', 'namespace', 'instance', 'container']
let stage: Stage
let exposed: readonly Series[]

/** A pod asks itself: who else may is the security suite's matter. */
async function scrape(target: string, namespace: string): Promise<readonly Series[]> {
  const program = "fetch('http://127.0.0.1:9000/metrics').then((answer) => answer.text()).then((text) => process.stdout.write(text))"
  return parseSeries(await stage.demand(['exec', target, '--namespace', namespace, '--', 'node', '--eval', program]))
}

beforeAll(async () => {
  stage = await openStage('observability')
  await stage.apply(testChannel(stage, { name: channel, spec: { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } }, route: { type: 'None' } } }))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  const holder = await stage.demand(['get', 'lease/carillon', '--namespace', namespaces.operator, '--output', 'jsonpath={.spec.holderIdentity}'])
  exposed = [...(await scrape(`deployment/${gatewayOf(channel)}`, stage.namespace)), ...(await scrape(`pod/${holder.split('_')[0] ?? ''}`, namespaces.operator))]
})
afterAll(() => stage?.leave())
beforeEach(() => stage.keepEvidence())

describe('the alerts of the chart', () => {
  it('ask for nothing that is not exposed, from the first minute on', async () => {
    const words = ['template', 'carillon', join(root, 'charts/carillon'), '--set', 'metrics.prometheusRule.enabled=true', '--show-only', 'templates/monitoring.yaml']
    const rendered = await must(stage.platform.run('helm', words), 'helm could not render the alerts')
    const expressions = [...rendered.matchAll(/^ *expr: (.*)$/gm)].map(([, expression = '']) => expression)
    expect(expressions.length).toBeGreaterThan(10)
    const asked = expressions.flatMap((expression) => metricsOf(expression).map((series) => ({ expression, ...series })))
    const missing = asked.filter(({ name, labels }) => !exposed.some((series) => series.name === name && labels.every((label) => added.includes(label) || series.labels.includes(label))))
    expect(missing).toEqual([])
  })
})

describe('the pods', () => {
  it('log one JSON object per line, and nothing else', async () => {
    const log = await stage.demand(['logs', `deployment/${gatewayOf(channel)}`])
    const lines = log.trim().split('\n')
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.filter((line) => !isObject(line))).toEqual([])
  })

  it('tell Events of a channel, once each', async () => {
    const reasons = (await stage.demand(['get', 'events', '--field-selector', `involvedObject.kind=RealtimeChannel,involvedObject.name=${channel}`, '--output', 'jsonpath={range .items[*]}{.reason}{"\\n"}{end}'])).trim().split('\n')
    expect(reasons).toEqual(expect.arrayContaining(['TopicCreated', 'Reconciled']))
    expect(new Set(reasons).size).toBe(reasons.length)
  })
})

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    // No JSON: the test shows the line.
    return false
  }
}
