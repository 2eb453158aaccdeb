import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { metrics } from '../../gateway/observability/metrics.ts'
import { operatorMetrics } from '../../operator/observability/metrics.ts'

const docs = new URL('../../docs/', import.meta.url)
const pages = readdirSync(docs).filter((name) => name.endsWith('.md'))
const tables = [...Object.values(metrics), ...Object.values(operatorMetrics)]
const series = new Set(
  tables.flatMap(({ name, type }) =>
    type === 'histogram' ? [name, ...['bucket', 'sum', 'count'].map((part) => `${name}_${part}`)] : [name],
  ),
)
/** Set when the registries are made. */
const builds = ['carillon_build_info', 'carillon_operator_build_info']
/** Names of other things: headers, attributes. */
const isMetric = (name: string): boolean =>
  !/^carillon_(dlq_(reason|detail|topic|partition|offset|time|value|omitted|to_offset|count|reasons)|attributes)$/.test(name)

describe('a page', () => {
  it.each(pages)('names only metrics that exist: %s', (page) => {
    const named = readFileSync(new URL(page, docs), 'utf8').match(/\bcarillon_[a-z_]*[a-z]\b/g) ?? []
    expect(named.filter((name) => isMetric(name) && !series.has(name) && !builds.includes(name))).toEqual([])
  })
})
