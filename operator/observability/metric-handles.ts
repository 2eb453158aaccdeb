import {
  operatorMetrics,
  type CellDefinition,
  type GivenNames,
  type LabelValues,
  type MetricDefinition,
  type OperatorMetrics,
  type Sample,
  type TransientDefinition,
} from './metrics.ts'

/** One time series of a metric that is added to, set or observed. A registry implements what its type has; the handles call nothing else. */
export interface MetricCell {
  add(by: number): void
  set(value: number): void
  collect(read: () => number): void
  observe(value: number): void
}

/** Makes the time series of a registry. */
export interface MetricRegistry {
  cell(definition: CellDefinition, labels: CellLabels): MetricCell
  /** @param read all samples of all sources. Called at each scrape. */
  transient(definition: TransientDefinition, read: () => readonly Sample[]): void
}

export type CellLabels = Readonly<Record<string, string>>

/**
 * The handles of the whole table over one registry. Every series whose labels are closed is made now, so that it exists from the start, at zero: a
 * counter that appears with its first failure has no increase that an alert could see.
 * @throws from a handle, when a label value is not in the table
 */
export function createMetricHandles(registry: MetricRegistry, given: GivenNames): OperatorMetrics {
  const handles = Object.entries<MetricDefinition>(operatorMetrics).map(([key, definition]) => {
    const handle = definition.type === 'transient' ? transientHandle(definition, registry) : cellHandle(definition, registry, given)
    return [key, handle] as const
  })
  // The keys are those of the table and the methods those of `MetricHandle`, which the contract checks for all rows.
  return Object.freeze(Object.fromEntries(handles)) as unknown as OperatorMetrics
}

function cellHandle(definition: CellDefinition, registry: MetricRegistry, given: GivenNames): object {
  const find = cellFinder(definition, registry, given)
  const add = (by: number, labels?: CellLabels): void => find(labels).add(by)
  const set = (value: number, labels?: CellLabels): void => find(labels).set(value)
  const collect = (read: () => number, labels?: CellLabels): void => find(labels).collect(read)
  const observe = (value: number, labels?: CellLabels): void => find(labels).observe(value)
  switch (definition.type) {
    case 'counter':
      return { add, collect }
    case 'gauge':
      return { add, set, collect }
    case 'histogram':
      return { observe }
    default:
      return definition.type satisfies never
  }
}

function transientHandle(definition: TransientDefinition, registry: MetricRegistry): object {
  const sources: (() => readonly Sample[])[] = []
  registry.transient(definition, () => sources.flatMap((read) => read()))
  return { collect: (read: () => readonly Sample[]) => void sources.push(read) }
}

function cellFinder(
  definition: CellDefinition,
  registry: MetricRegistry,
  given: GivenNames,
): (labels: CellLabels | undefined) => MetricCell {
  const names = Object.keys(definition.labels)
  const keyOf = (labels: CellLabels): string => JSON.stringify(names.map((name) => labels[name]))
  const cells = new Map(closedCombinations(definition, given).map((labels) => [keyOf(labels), registry.cell(definition, labels)]))
  return (labels = {}) => {
    const key = keyOf(labels)
    const known = cells.get(key)
    if (known !== undefined) return known
    refuseUnknown(definition, labels, given)
    const made = registry.cell(definition, labels)
    cells.set(key, made)
    return made
  }
}

/** Every combination of label values; none when a label has a pattern in place of values. */
export function closedCombinations(definition: CellDefinition, given: GivenNames): readonly CellLabels[] {
  let combinations: readonly CellLabels[] = [{}]
  for (const [name, values] of Object.entries(definition.labels)) {
    const all = valuesOf(values, given) ?? []
    combinations = combinations.flatMap((labels) => all.map((value) => ({ ...labels, [name]: value })))
  }
  return combinations
}

/** Null: they are not listed. */
function valuesOf(values: LabelValues, given: GivenNames): readonly string[] | null {
  if ('given' in values) return given[values.given]
  return 'pattern' in values ? null : values
}

function refuseUnknown(definition: CellDefinition, labels: CellLabels, given: GivenNames): void {
  for (const [name, values] of Object.entries(definition.labels)) {
    const value = labels[name]
    const isKnown =
      value !== undefined && ('pattern' in values ? values.pattern.test(value) : valuesOf(values, given)?.includes(value) === true)
    if (!isKnown)
      throw new Error(
        `metric ${definition.name} has no ${name} ${JSON.stringify(value)}; the table in metrics.ts, or what the registry was given, lists all`,
      )
  }
}
