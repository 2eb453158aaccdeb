import { createMetricHandles, refuseShrinking, type CellLabels, type MetricCell } from '../handles.ts'
import type { CellDefinition, GivenValuesOf, MetricNameOf, MetricsOf, MetricTable, Sample } from '../table.ts'

export interface RecordingMetrics<Table extends MetricTable> {
  readonly metrics: MetricsOf<Table>
  /**
   * Returns what a scrape shows: a counter's total, a gauge's value (`collect` is asked), a histogram's number of observations. Sums over the
   * labels that are not named.
   * @throws Error when there is no such series
   */
  value(name: MetricNameOf<Table>, labels?: CellLabels): number
  /** Returns all that a histogram has observed, in order. */
  observations(name: MetricNameOf<Table>): readonly number[]
  /** Returns the series that a transient gauge has now. */
  samples(name: MetricNameOf<Table>): readonly Sample[]
}

/** The recording double of `createPrometheusMetrics`: the same table, the same errors, values that can be read back at once. */
export function recordMetrics<Table extends MetricTable>(table: Table, given: GivenValuesOf<Table>): RecordingMetrics<Table> {
  const cells = new Map<string, RecordingCell[]>()
  const transients = new Map<string, () => readonly Sample[]>()
  const metrics = createMetricHandles(
    table,
    {
      cell: (definition, labels) => {
        const cell = createCell(definition, labels)
        cells.set(definition.name, [...(cells.get(definition.name) ?? []), cell])
        return cell
      },
      transient: ({ name }, read) => void transients.set(name, read),
    },
    given,
  )
  const nameOf = (name: MetricNameOf<Table>): string => table[name]?.name ?? name
  const select = (name: MetricNameOf<Table>, labels: CellLabels = {}): readonly RecordingCell[] => {
    const selected = (cells.get(nameOf(name)) ?? []).filter((cell) =>
      Object.entries(labels).every(([label, value]) => cell.labels[label] === value),
    )
    if (selected.length === 0) throw new Error(`metric ${name} has no time series with the labels ${JSON.stringify(labels)}`)
    return selected
  }
  return {
    metrics,
    value: (name, labels) => select(name, labels).reduce((sum, cell) => sum + cell.read(), 0),
    observations: (name) => select(name).flatMap((cell) => cell.observed),
    samples: (name) => transients.get(nameOf(name))?.() ?? [],
  }
}

interface RecordingCell extends MetricCell {
  readonly labels: CellLabels
  readonly observed: readonly number[]
  read(): number
}

function createCell({ name, type }: CellDefinition, labels: CellLabels): RecordingCell {
  const observed: number[] = []
  let value = 0
  let read = (): number => value
  return {
    labels,
    observed,
    read: () => read(),
    add: (by) => {
      if (type === 'counter') refuseShrinking(name, by)
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
