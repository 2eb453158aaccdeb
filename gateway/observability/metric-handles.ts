import { metrics } from './metrics.ts'
import type { MetricDefinition, Metrics } from './metrics.ts'

/** One time series: a metric with one value of its label, or a metric without labels. */
export interface CounterCell {
  /** @param by at least 0 */
  add(by: number): void
}
export interface GaugeCell {
  add(by: number): void
  set(value: number): void
  collect(read: () => number): void
}
export interface HistogramCell {
  observe(value: number): void
}

/** Makes the time series of a registry. `labels` has the metric's one label, or is empty. */
export interface CellFactory {
  counter(definition: MetricDefinition, labels: CellLabels): CounterCell
  gauge(definition: MetricDefinition, labels: CellLabels): GaugeCell
  histogram(definition: MetricDefinition, labels: CellLabels): HistogramCell
}

export type CellLabels = Readonly<Record<string, string>>

/**
 * The handles of the whole table over the cells of one registry. Every cell is made now, so that every time series exists from
 * the start, at zero; afterwards a handle finds its cell with one lookup in a map and no hashing of label objects.
 * @throws when a row has more than one label, or (from a handle) when a label value is not in the table
 */
export function createMetricHandles(cells: CellFactory): Metrics {
  const handles = Object.entries<MetricDefinition>(metrics).map(([key, definition]) => [key, handleOf(definition, cells)] as const)
  // The keys are those of the table and `handleOf` switches on the same `type` as `MetricHandle`; metric-handles.test.ts walks all rows.
  return Object.freeze(Object.fromEntries(handles)) as unknown as Metrics
}

function handleOf(definition: MetricDefinition, cells: CellFactory): object {
  switch (definition.type) {
    case 'counter': {
      const find = cellFinder(definition, cells.counter)
      return { add: (by: number, labels?: CellLabels) => find(labels).add(by) }
    }
    case 'gauge': {
      const find = cellFinder(definition, cells.gauge)
      return {
        add: (by: number, labels?: CellLabels) => find(labels).add(by),
        set: (value: number, labels?: CellLabels) => find(labels).set(value),
        collect: (read: () => number, labels?: CellLabels) => find(labels).collect(read),
      }
    }
    case 'histogram': {
      const find = cellFinder(definition, cells.histogram)
      return { observe: (value: number) => find(undefined).observe(value) }
    }
  }
}

function cellFinder<C>(
  definition: MetricDefinition,
  make: (definition: MetricDefinition, labels: CellLabels) => C,
): (labels: CellLabels | undefined) => C {
  const [label, ...more] = Object.entries(definition.labels)
  if (more.length > 0) throw new Error(`metric ${definition.name} has ${more.length + 1} labels; the table allows one at most`)
  if (label === undefined) {
    const only = make(definition, {})
    return () => only
  }
  const [labelName, values] = label
  const byValue = new Map(values.map((value) => [value, make(definition, { [labelName]: value })]))
  return (labels) => {
    const value = labels?.[labelName]
    const cell = value === undefined ? undefined : byValue.get(value)
    if (cell === undefined)
      throw new Error(`metric ${definition.name} has no ${labelName} ${JSON.stringify(value)}; the table in metrics.ts lists all`)
    return cell
  }
}
