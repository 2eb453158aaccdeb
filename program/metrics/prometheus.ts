import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { createMetricHandles, refuseShrinking, type CellLabels, type MetricCell, type MetricRegistry } from './handles.ts'
import type { CellDefinition, GivenValuesOf, MetricsOf, MetricTable, Sample, TransientDefinition } from './table.ts'

/** The page of metrics, for `/metrics`. */
export interface MetricsPage {
  /** Returns the page in Prometheus' text format 0.0.4. Reads everything that is collected. Blocks the loop for about 1 ms. */
  render(): Promise<string>
  readonly contentType: string
}

export interface PrometheusMetrics<Table extends MetricTable> extends MetricsPage {
  readonly metrics: MetricsOf<Table>
}

export interface PrometheusOptions<Table extends MetricTable> {
  /** Name of the gauge whose labels are the version of the program and of Node. */
  readonly buildInfo: string
  /** Version of the program. @default 'unknown' */
  readonly version?: string
  readonly given: GivenValuesOf<Table>
  /** Names of prom-client's metrics of the process that are left out. @default none */
  readonly leftOut?: readonly string[]
}

/**
 * Returns a registry of its own with every row of the table, the metrics of the Node process, and the build info.
 *
 * The naive way is prom-client's `counter.labels(...).inc()`. It hashes the label object at each call, which costs 0.3 us on a path that is taken per
 * delivery. Here a counter or gauge is a plain number. prom-client gets the numbers in the metric's `collect`, once per scrape. Histograms stay
 * prom-client's.
 */
export function createPrometheusMetrics<Table extends MetricTable>(
  table: Table,
  { buildInfo, version = 'unknown', given, leftOut = [] }: PrometheusOptions<Table>,
): PrometheusMetrics<Table> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of leftOut) registry.removeSingleMetric(name)
  new Gauge({
    name: buildInfo,
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1)
  return {
    metrics: createMetricHandles(table, createMetricRegistry(registry), given),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function createMetricRegistry(registry: Registry): MetricRegistry {
  const numbers = new Map<string, NumberCell[]>()
  const histograms = new Map<string, Histogram>()
  return {
    cell: (definition, labels) => {
      if (definition.type === 'histogram') return histogramCell(histogramOf(histograms, definition, registry), labels)
      const cell = new NumberCell(definition, labels)
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
  if (definition.type === 'counter') {
    new Counter({
      ...descriptionOf(definition, registry),
      collect() {
        this.reset()
        for (const cell of cells) this.inc(cell.labels, cell.read())
      },
    })
  } else {
    new Gauge({
      ...descriptionOf(definition, registry),
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
  const { name, buckets } = definition
  const known = histograms.get(name)
  if (known !== undefined) return known
  const made = new Histogram({
    ...descriptionOf(definition, registry),
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
  })
  histograms.set(name, made)
  return made
}

function descriptionOf(
  { name, help, labels }: CellDefinition,
  registry: Registry,
): {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  readonly registers: Registry[]
} {
  return { name, help, labelNames: Object.keys(labels), registers: [registry] }
}

/** A histogram's handle has no method but `observe`. */
function histogramCell(histogram: Histogram, labels: CellLabels): MetricCell {
  const hasLabels = Object.keys(labels).length > 0
  if (hasLabels) histogram.zero({ ...labels })
  const never = (): never => {
    throw new Error('a histogram is only observed')
  }
  const observe = hasLabels
    ? (value: number): void => histogram.observe({ ...labels }, value)
    : (value: number): void => histogram.observe(value)
  return { observe, add: never, set: never, collect: never }
}

/** A number that is added to, set, or read from a source. */
class NumberCell implements MetricCell {
  readonly labels: CellLabels
  readonly #definition: CellDefinition
  #value = 0
  #source: (() => number) | null = null

  constructor(definition: CellDefinition, labels: CellLabels) {
    this.#definition = definition
    this.labels = labels
  }

  add(by: number): void {
    if (this.#definition.type === 'counter') refuseShrinking(this.#definition.name, by)
    this.#value += by
  }

  set(value: number): void {
    this.#value = value
  }

  collect(read: () => number): void {
    this.#source = read
  }

  observe(): never {
    throw new Error(`${this.#definition.type} ${this.#definition.name} is not observed`)
  }

  /** A source that throws costs its own sample, not the page that shows the fault. prom-client takes NaN for a gauge only. */
  read(): number {
    try {
      return this.#source?.() ?? this.#value
    } catch {
      return this.#definition.type === 'counter' ? 0 : Number.NaN
    }
  }
}
