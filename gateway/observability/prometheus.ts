import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { createMetricHandles } from './metric-handles.ts'
import type { CellFactory, CellLabels, CounterCell, GaugeCell, HistogramCell } from './metric-handles.ts'
import type { MetricDefinition, Metrics } from './metrics.ts'

export interface PrometheusMetrics {
  readonly metrics: Metrics
  /** The whole page in Prometheus' text format 0.0.4. Gauges that were given a `collect` are read now. Blocks the loop for about 1 ms. */
  render(): Promise<string>
  readonly contentType: string
}

export interface PrometheusOptions {
  /** Of the gateway, for `carillon_build_info`. @default 'unknown' */
  readonly version?: string
}

/**
 * A registry of its own with every row of the metric table, the metrics of the Node process, and `carillon_build_info`.
 *
 * The obvious way would be prom-client's `counter.labels(...).inc()`, which hashes the label object at each call: 0.3 us, on a path
 * that is taken per delivery. So a counter or gauge here is a plain number that is added to in place, and prom-client is told the
 * numbers when somebody asks, in the metric's `collect`. Histograms have no labels, hence nothing to hash, and stay prom-client's.
 */
export function createPrometheusMetrics({ version = 'unknown' }: PrometheusOptions = {}): PrometheusMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of costlyMetrics) registry.removeSingleMetric(name)
  new Gauge({
    name: 'carillon_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  return {
    metrics: createMetricHandles(createCells(registry)),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

/**
 * Metrics of prom-client that look at every socket of the process when they are collected: with 12,000 sockets a scrape blocked the
 * event loop for 28 to 70 ms. `carillon_sessions` says what matters of them.
 */
const costlyMetrics = [
  'process_open_fds',
  ...['nodejs_active_handles', 'nodejs_active_requests', 'nodejs_active_resources'].flatMap((name) => [name, `${name}_total`]),
]

function createCells(registry: Registry): CellFactory {
  const counters = new Map<string, NumberCell[]>()
  const gauges = new Map<string, NumberCell[]>()
  const share = (
    all: Map<string, NumberCell[]>,
    definition: MetricDefinition,
    register: (cells: readonly NumberCell[]) => void,
  ): NumberCell[] => {
    const known = all.get(definition.name)
    if (known !== undefined) return known
    const cells: NumberCell[] = []
    all.set(definition.name, cells)
    register(cells)
    return cells
  }
  return {
    counter: (definition, labels) => {
      const cell = new CounterNumber(definition.name, labels)
      share(counters, definition, (cells) => registerCounter(registry, definition, cells)).push(cell)
      return cell
    },
    gauge: (definition, labels) => {
      const cell = new GaugeNumber(labels)
      share(gauges, definition, (cells) => registerGauge(registry, definition, cells)).push(cell)
      return cell
    },
    histogram: (definition) => registerHistogram(registry, definition),
  }
}

function registerCounter(registry: Registry, definition: MetricDefinition, cells: readonly NumberCell[]): void {
  new Counter({
    ...nameOf(definition),
    registers: [registry],
    collect() {
      this.reset()
      for (const cell of cells) this.inc(cell.labels, cell.read())
    },
  })
}

function registerGauge(registry: Registry, definition: MetricDefinition, cells: readonly NumberCell[]): void {
  new Gauge({
    ...nameOf(definition),
    registers: [registry],
    collect() {
      for (const cell of cells) this.set(cell.labels, cell.read())
    },
  })
}

function registerHistogram(registry: Registry, definition: MetricDefinition): HistogramCell {
  const { buckets } = definition
  const histogram = new Histogram({
    ...nameOf(definition),
    registers: [registry],
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
  })
  return { observe: (value) => histogram.observe(value) }
}

const nameOf = (definition: MetricDefinition): { name: string; help: string; labelNames: string[] } => ({
  name: definition.name,
  help: definition.help,
  labelNames: Object.keys(definition.labels),
})

interface NumberCell {
  readonly labels: CellLabels
  read(): number
}

class CounterNumber implements CounterCell, NumberCell {
  readonly labels: CellLabels
  readonly #name: string
  #value = 0

  constructor(name: string, labels: CellLabels) {
    this.#name = name
    this.labels = labels
  }

  add(by: number): void {
    if (!(by >= 0)) throw new RangeError(`counter ${this.#name} cannot grow by ${by}`)
    this.#value += by
  }

  read(): number {
    return this.#value
  }
}

class GaugeNumber implements GaugeCell, NumberCell {
  readonly labels: CellLabels
  #value = 0
  #collect: (() => number) | null = null

  constructor(labels: CellLabels) {
    this.labels = labels
  }

  add(by: number): void {
    this.#value += by
  }

  set(value: number): void {
    this.#value = value
  }

  collect(read: () => number): void {
    this.#collect = read
  }

  /** A reader that throws costs its own sample (Prometheus knows NaN), not the page that would say what is wrong. */
  read(): number {
    try {
      return this.#collect?.() ?? this.#value
    } catch {
      return Number.NaN
    }
  }
}
