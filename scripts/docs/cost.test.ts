import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Yaml } from 'cdk8s'
import { describe, expect, it } from 'vitest'
import { parseQuantity } from '../../api/quantities.ts'
import { gatewayResources } from '../../cdk8s/operands/resources.ts'
import { createPrometheusMetrics } from '../../gateway/observability/prometheus.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { aStoredSpec } from '../../operator/testing/channel-builders.ts'
import { chartFolder } from '../chart/helm.ts'
import { root } from './pages.ts'
import { parseSeries } from '../chart/prometheus-text.ts'

const page = readFileSync(join(root, 'docs/cost.md'), 'utf8')

/** Returns the figure of a row. */
function figureOf(what: string): string {
  const [, figure] = new RegExp(`^\\| ${RegExp.escape(what)} \\| (.*) \\|$`, 'm').exec(page) ?? []
  if (figure === undefined) throw new Error(`docs/cost.md has no row ${what}`)
  return figure
}

const times = (quantity: string | undefined, count: number): bigint => (parseQuantity(quantity ?? '')?.nano ?? 0n) * BigInt(count)
const isSame = (figure: string, nano: bigint): boolean => parseQuantity(figure.replace(/[,:].*/, ''))?.nano === nano

describe('docs/cost.md', () => {
  const spec = aStoredSpec()
  const { requests, limits } = gatewayResources(spec)
  const { replicas } = spec.gateway

  it('has the pods, processor time and memory of a channel with all defaults', () => {
    expect(figureOf('pods')).toBe(String(replicas))
    expect(isSame(figureOf('CPU that pods request'), times(requests['cpu'], replicas))).toBe(true)
    expect(isSame(figureOf('memory that pods request'), times(requests['memory'], replicas))).toBe(true)
    expect(isSame(figureOf('memory limit of a pod'), times(limits['memory'], 1))).toBe(true)
    expect(figureOf('CPU that pods request')).toContain(`${requests['cpu']} each`)
    expect(figureOf('memory that pods request')).toContain(`${requests['memory']} each`)
    expect(limits).not.toHaveProperty('cpu')
    expect(figureOf('memory limit of a pod')).toContain(`(${spec.replay.maxBytes})`)
    expect(page).toContain(`\`limits.connectionsPerPod\`, ${spec.limits.connectionsPerPod.toLocaleString('en')}`)
  })

  it('has the partitions of its topic, and the time between two resyncs', () => {
    expect(figureOf('partitions of the topic')).toMatch(new RegExp(`^${spec.topic.partitions},`))
    expect(operatorOptions.resyncMs.default).toBe(600_000)
  })

  it('has the memory of larger replay windows', () => {
    for (const maxBytes of ['256Mi', '1Gi'])
      expect(figureOf('`replay.maxBytes`')).toContain(
        `${gatewayResources(aStoredSpec({ replay: { maxBytes } })).limits['memory']} for ${maxBytes}`,
      )
  })

  it('has about as many series as a pod exposes', async () => {
    expect(Math.round(parseSeries(await createPrometheusMetrics().render()).length / 100) * 100).toBe(
      Number(/^about (\d+) /.exec(figureOf('series of metrics'))?.[1]),
    )
  })

  it('has the resources of the operator', () => {
    const [values] = Yaml.load(join(chartFolder, 'values.yaml')) as [
      {
        readonly replicaCount: number
        readonly resources: { readonly requests: Readonly<Record<string, string>>; readonly limits: Readonly<Record<string, string>> }
      },
    ] // a file of ours
    expect(page).toContain(`| pods | ${values.replicaCount}, of which one works |`)
    expect(figureOf('CPU and memory that each requests')).toBe(
      `${values.resources.requests['cpu']} and ${values.resources.requests['memory']}`,
    )
    expect(figureOf('memory limit of each')).toBe(values.resources.limits['memory'])
  })
})
