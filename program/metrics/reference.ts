import type { LabelValues, MetricDefinition, MetricTable } from './table.ts'

/**
 * Returns the rows of a metric reference in Markdown: name, type, labels, help with buckets.
 * @param givenWords words for label values that are given when the registry is made
 */
export function metricRows(table: MetricTable, givenWords: Readonly<Record<string, string>> = {}): readonly (readonly string[])[] {
  return Object.values(table).map((metric) => [
    code(metric.name),
    metric.type === 'transient' ? 'gauge' : metric.type,
    renderLabels(metric, givenWords),
    metric.help + renderBuckets(metric),
  ])
}

const code = (text: string): string => `\`${text}\``

function renderLabels(metric: MetricDefinition, givenWords: Readonly<Record<string, string>>): string {
  if (metric.type === 'transient') return metric.labels.map(code).join(', ')
  return Object.entries(metric.labels)
    .map(([label, values]) => `${code(label)}: ${renderValues(values, givenWords)}`)
    .join('; ')
}

function renderValues(values: LabelValues, givenWords: Readonly<Record<string, string>>): string {
  if ('given' in values) return givenWords[values.given] ?? values.given
  return 'pattern' in values ? values.words : values.map(code).join(', ')
}

function renderBuckets(metric: MetricDefinition): string {
  return metric.type === 'transient' || metric.buckets === undefined ? '' : ` Buckets: ${metric.buckets.join(', ')}.`
}
