import { createMetricHandles } from '../observability/metric-handles.ts'
import { metrics as table } from '../observability/metrics.ts'
import type { CellFactory, CellLabels, CounterCell, GaugeCell, HistogramCell } from '../observability/metric-handles.ts'
import type { MetricDefinition, Metrics } from '../observability/metrics.ts'

export interface RecordingMetrics {
  readonly metrics: Metrics
  /**
   * What a scrape would show: a counter's total, a gauge's value (`collect` is asked), a histogram's number of observations.
   * Without `labels`, the sum over all values of the label.
   */
  value(name: keyof Metrics, labels?: CellLabels): number
  /** All that a histogram has observed, in order. */
  observations(name: keyof Metrics): readonly number[]
}

/** The twin of `createPrometheusMetrics` for tests: the same table, the same errors, values that can be read back at once. */
export function createRecordingMetrics(): RecordingMetrics {
  const cells = new Map<string, RecordingCell[]>()
  const make = (definition: MetricDefinition, labels: CellLabels): RecordingCell => {
    const cell = createCell(definition, labels)
    cells.set(definition.name, [...(cells.get(definition.name) ?? []), cell])
    return cell
  }
  const factory: CellFactory = { counter: make, gauge: make, histogram: make }
  const select = (name: keyof Metrics, labels: CellLabels = {}): readonly RecordingCell[] => {
    const selected = (cells.get(table[name].name) ?? []).filter((cell) =>
      Object.entries(labels).every(([label, value]) => cell.labels[label] === value),
    )
    if (selected.length === 0) throw new Error(`metric ${name} has no time series with the labels ${JSON.stringify(labels)}`)
    return selected
  }
  return {
    metrics: createMetricHandles(factory),
    value: (name, labels) => select(name, labels).reduce((sum, cell) => sum + cell.read(), 0),
    observations: (name) => select(name).flatMap((cell) => cell.observed),
  }
}

interface RecordingCell extends CounterCell, GaugeCell, HistogramCell {
  readonly labels: CellLabels
  readonly observed: readonly number[]
  read(): number
}

function createCell(definition: MetricDefinition, labels: CellLabels): RecordingCell {
  const observed: number[] = []
  let value = 0
  let read = (): number => value
  return {
    labels,
    observed,
    read: () => read(),
    add: (by) => {
      if (Number.isNaN(by) || (definition.type === 'counter' && by < 0))
        throw new RangeError(`counter ${definition.name} cannot grow by ${by}`)
      value += by
    },
    set: (next) => {
      value = next
    },
    collect: (from) => {
      read = from
    },
    observe: (observation) => {
      observed.push(observation)
      value += 1
    },
  }
}
