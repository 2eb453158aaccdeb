import { operatorMetrics, type GivenNames, type LabelValues, type MetricDefinition } from './metrics.ts'

/** docs/reference/operator-metrics.md, without the line that says that it is generated. @param given as the operator gives them to its registry */
export function renderOperatorMetricsReference(given: GivenNames): string {
  const rows = Object.values<MetricDefinition>(operatorMetrics).map((metric) => [
    code(metric.name),
    metric.type === 'transient' ? 'gauge' : metric.type,
    renderLabels(metric, given),
    metric.help + renderBuckets(metric),
  ])
  return `${introduction}

${[['metric', 'type', 'labels', 'what it says'], ['---', '---', '---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}
`
}

const introduction = `# Metrics of the operator

\`/metrics\` on the operator's internal port serves these in Prometheus' text format, beside the process metrics of Node and
\`carillon_operator_build_info\`. Where controller-runtime or client-go has a metric for the same, it has that name and means the same, so dashboards
and alerts made for other operators fit. Labels are closed sets whose series exist from the start, at zero, but for HTTP statuses, for the keys
that are being worked on (their series end with the work), and for channels (their series end with the channel, and are bounded by METRICS_MAX_CHANNELS).`

const code = (text: string | number): string => `\`${text}\``

function renderLabels(metric: MetricDefinition, given: GivenNames): string {
  if (metric.type === 'transient') return metric.labels.map(code).join(', ')
  return Object.entries(metric.labels)
    .map(([label, values]) => `${code(label)}: ${renderValues(values, given)}`)
    .join('; ')
}

function renderValues(values: LabelValues, given: GivenNames): string {
  if ('pattern' in values) return values.words
  return ('given' in values ? given[values.given] : values).map(code).join(', ')
}

function renderBuckets(metric: MetricDefinition): string {
  return metric.type === 'histogram' && metric.buckets !== undefined ? ` Buckets: ${metric.buckets.join(', ')}.` : ''
}
