import type { CellLabels } from '../handles.ts'
import { createPrometheusMetrics } from '../prometheus.ts'
import type { GivenValuesOf, MetricDefinition, MetricTable, Sample } from '../table.ts'
import type { MetricsUnderTest } from './metrics-contract.ts'
import { recordMetrics } from './recording-metrics.ts'

/** The registry of prom-client, read as a scrape reads it. */
export function createScraped<Table extends MetricTable>(table: Table, given: GivenValuesOf<Table>): MetricsUnderTest<Table> {
  const { metrics, render } = createPrometheusMetrics(table, { buildInfo: 'test_build_info', given })
  const shown = async (name: string): Promise<readonly Sample[]> => {
    const definition = table[name]
    return definition === undefined ? [] : samplesOf(await render(), definition)
  }
  return {
    metrics,
    read: async (name, labels = {}) => (await shown(name)).find((sample) => sameLabels(sample.labels, labels))?.value,
    samples: shown,
  }
}

export function createRecorded<Table extends MetricTable>(table: Table, given: GivenValuesOf<Table>): MetricsUnderTest<Table> {
  const { metrics, value, samples } = recordMetrics(table, given)
  return {
    metrics,
    read: async (name, labels) => {
      try {
        return value(name, labels)
      } catch {
        return undefined // there is no such series
      }
    },
    samples: async (name) => samples(name),
  }
}

const sameLabels = (a: CellLabels, b: CellLabels): boolean =>
  JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted())

/** Returns the samples of one metric on a page; of a histogram, its counts. */
function samplesOf(page: string, { name, type }: MetricDefinition): readonly Sample[] {
  const wanted = type === 'histogram' ? `${name}_count` : name
  return page.split('\n').flatMap((line) => {
    const [, found, , inBraces = '', value] = /^(\w+)(\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (found !== wanted) return []
    return [
      {
        labels: Object.fromEntries([...inBraces.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])),
        value: Number(value),
      },
    ]
  })
}
