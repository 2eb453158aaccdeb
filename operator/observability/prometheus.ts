import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { createMetricHandles, type CellLabels, type MetricCell, type MetricRegistry } from './metric-handles.ts'
import type { CellDefinition, GivenNames, OperatorMetrics, Sample, TransientDefinition } from './metrics.ts'

export interface PrometheusMetrics {
  readonly metrics: OperatorMetrics
  /** The whole page in Prometheus' text format 0.0.4. What is collected is read now. */
  render(): Promise<string>
  readonly contentType: string
}

export interface PrometheusOptions extends GivenNames {
  /** Of the operator, for `carillon_operator_build_info`. @default 'unknown' */
  readonly version?: string
}

/** A registry of its own with every row of the table, the metrics of the Node process, and `carillon_operator_build_info`. */
export function createPrometheusMetrics({ version = 'unknown', ...given }: PrometheusOptions): PrometheusMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'carillon_operator_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  return {
    metrics: createMetricHandles(createMetricRegistry(registry), given),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

/**
 * Numbers are kept here and told to prom-client when somebody asks, because a total or a value may be collected from elsewhere, and the metric of a
 * label set that was first seen later must still be one metric. Histograms stay prom-client's.
 */
function createMetricRegistry(registry: Registry): MetricRegistry {
  const numbers = new Map<string, NumberCell[]>()
  const histograms = new Map<string, Histogram>()
  return {
    cell: (definition, labels) => {
      if (definition.type === 'histogram') return histogramCell(histogramOf(histograms, definition, registry), labels)
      const cell = createNumberCell(definition, labels)
      cellsOf(numbers, definition, registry).push(cell)
      return cell
    },
    transient: (definition, read) => registerTransient(definition, registry, read),
  }
}

function cellsOf(numbers: Map<string, NumberCell[]>, definition: CellDefinition, registry: Registry): NumberCell[] {
  const known = numbers.get(definition.name)
  if (known !== undefined) return known
  const cells: NumberCell[] = []
  numbers.set(definition.name, cells)
  const options = { name: definition.name, help: definition.help, labelNames: Object.keys(definition.labels), registers: [registry] }
  if (definition.type === 'counter') {
    new Counter({
      ...options,
      collect() {
        this.reset()
        for (const cell of cells) this.inc(cell.labels, cell.read())
      },
    })
  } else {
    new Gauge({
      ...options,
      collect() {
        for (const cell of cells) this.set(cell.labels, cell.read())
      },
    })
  }
  return cells
}

function registerTransient(definition: TransientDefinition, registry: Registry, read: () => readonly Sample[]): void {
  new Gauge({
    name: definition.name,
    help: definition.help,
    labelNames: [...definition.labels],
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, value } of read()) this.set({ ...labels }, value)
    },
  })
}

function histogramOf(histograms: Map<string, Histogram>, definition: CellDefinition, registry: Registry): Histogram {
  const { name, help, labels, buckets } = definition
  const known = histograms.get(name)
  if (known !== undefined) return known
  const made = new Histogram({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
  })
  histograms.set(name, made)
  return made
}

/** Its handle has nothing but `observe`. */
function histogramCell(histogram: Histogram, labels: CellLabels): MetricCell {
  histogram.zero({ ...labels })
  const never = (): never => {
    throw new Error('a histogram is only observed')
  }
  return { observe: (value) => histogram.observe({ ...labels }, value), add: never, set: never, collect: never }
}

export interface NumberCell extends MetricCell {
  readonly labels: CellLabels
  read(): number
}

/** A number that is added to, set, or read from elsewhere. */
export function createNumberCell({ name, type }: CellDefinition, labels: CellLabels): NumberCell {
  let value = 0
  let source: (() => number) | null = null
  return {
    labels,
    add: (by) => {
      if (type === 'counter' && !(by >= 0)) throw new RangeError(`counter ${name} cannot grow by ${by}`)
      value += by
    },
    set: (next) => {
      value = next
    },
    collect: (read) => {
      source = read
    },
    observe: () => {
      throw new Error(`${type} ${name} is not observed`)
    },
    read: () => (source === null ? value : readSafely(source, type)),
  }
}

/** A reader that throws costs its own sample, not the page that would say what is wrong. prom-client takes NaN for a gauge only. */
function readSafely(read: () => number, type: CellDefinition['type']): number {
  try {
    return read()
  } catch {
    return type === 'counter' ? 0 : Number.NaN
  }
}
