import { createMetricHandles, type CellLabels, type MetricCell } from '../observability/metric-handles.ts'
import {
  operatorMetrics as table,
  type CellDefinition,
  type GivenNames,
  type OperatorMetrics,
  type Sample,
} from '../observability/metrics.ts'

export interface RecordingMetrics {
  readonly metrics: OperatorMetrics
  /**
   * What a scrape would show: a counter's total, a gauge's value (`collect` is asked), a histogram's number of observations. Summed over the
   * labels that are not named.
   */
  value(name: keyof OperatorMetrics, labels?: CellLabels): number
  /** All that a histogram has observed, in order. */
  observations(name: keyof OperatorMetrics): readonly number[]
  /** The series that a transient gauge has now. */
  samples(name: keyof OperatorMetrics): readonly Sample[]
}

/** Names as the operator gives them. */
export const testNames: GivenNames = {
  controllers: ['realtimechannel'],
  leases: ['carillon-operator'],
  resources: ['realtimechannels', 'deployments'],
  kinds: ['Deployment', 'Service'],
  kafkaOperations: ['metadata', 'create-topics'],
}

/** The twin of `createPrometheusMetrics`: the same table, the same errors, values that can be read back at once. */
export function createRecordingMetrics(given: GivenNames = testNames): RecordingMetrics {
  const cells: RecordingCell[] = []
  const transients = new Map<string, () => readonly Sample[]>()
  const metrics = createMetricHandles(
    {
      cell: (definition, labels) => {
        const cell = createCell(definition, labels)
        cells.push(cell)
        return cell
      },
      transient: ({ name }, read) => void transients.set(name, read),
    },
    given,
  )
  const select = (name: keyof OperatorMetrics, labels: CellLabels = {}): readonly RecordingCell[] =>
    cells.filter((cell) => cell.name === table[name].name && Object.entries(labels).every(([label, value]) => cell.labels[label] === value))
  return {
    metrics,
    value: (name, labels) => {
      const selected = select(name, labels)
      if (selected.length === 0) throw new Error(`metric ${name} has no time series with the labels ${JSON.stringify(labels)}`)
      return selected.reduce((sum, cell) => sum + cell.read(), 0)
    },
    observations: (name) => select(name).flatMap((cell) => cell.observed),
    samples: (name) => transients.get(table[name].name)?.() ?? [],
  }
}

interface RecordingCell extends MetricCell {
  readonly name: string
  readonly labels: CellLabels
  readonly observed: readonly number[]
  read(): number
}

function createCell({ name, type }: CellDefinition, labels: CellLabels): RecordingCell {
  const observed: number[] = []
  let value = 0
  let read = (): number => value
  return {
    name,
    labels,
    observed,
    read: () => read(),
    add: (by) => {
      if (type === 'counter' && !(by >= 0)) throw new RangeError(`counter ${name} cannot grow by ${by}`)
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
