import type {
  CellDefinition,
  GivenValuesOf,
  LabelValues,
  MetricDefinition,
  MetricsOf,
  MetricTable,
  Sample,
  TransientDefinition,
} from './table.ts'

/** One time series. A registry implements the methods that the metric's type has; the handles call no others. */
export interface MetricCell {
  add(by: number): void
  set(value: number): void
  collect(read: () => number): void
  observe(value: number): void
}

/** Makes the time series of a registry. */
export interface MetricRegistry {
  cell(definition: CellDefinition, labels: CellLabels): MetricCell
  /** @param read returns the samples of all sources; called at each scrape */
  transient(definition: TransientDefinition, read: () => readonly Sample[]): void
}

export type CellLabels = Readonly<Record<string, string>>

type GivenValues = Readonly<Record<string, readonly string[]>>

/**
 * Returns a handle for each row of the table. Makes every series with closed labels now, so that it exists from the start, at zero.
 *
 * A handle finds a cell without hashing label objects. A metric without labels has one cell. A metric with one label looks its value up in a map. Only
 * further labels cost a key.
 * @throws from a handle, when a label value is not in the table
 */
export function createMetricHandles<Table extends MetricTable>(
  table: Table,
  registry: MetricRegistry,
  given: GivenValuesOf<Table>,
): MetricsOf<Table> {
  const handles = Object.entries<MetricDefinition>(table).map(([key, definition]) => {
    const handle = definition.type === 'transient' ? transientHandle(definition, registry) : cellHandle(definition, registry, given)
    return [key, handle] as const
  })
  // The keys are those of the table and the methods those of `MetricHandle`, which the contract checks for all rows.
  return Object.freeze(Object.fromEntries(handles)) as unknown as MetricsOf<Table>
}

function cellHandle(definition: CellDefinition, registry: MetricRegistry, given: GivenValues): object {
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

type CellFinder = (labels?: CellLabels) => MetricCell

function cellFinder(definition: CellDefinition, registry: MetricRegistry, given: GivenValues): CellFinder {
  const [first, ...others] = Object.keys(definition.labels)
  if (first === undefined) {
    const only = registry.cell(definition, {})
    return () => only
  }
  const keyOf = (labels: CellLabels): string | undefined =>
    others.length === 0 ? labels[first] : JSON.stringify([first, ...others].map((name) => labels[name]))
  const cells = new Map(closedCombinations(definition, given).map((labels) => [keyOf(labels), registry.cell(definition, labels)]))
  const findOrMake = (labels: CellLabels = {}): MetricCell => {
    const key = keyOf(labels)
    const known = cells.get(key)
    if (known !== undefined) return known
    refuseUnknown(definition, labels, given)
    const made = registry.cell(definition, labels)
    cells.set(key, made)
    return made
  }
  return others.length === 0 ? (labels) => cells.get(labels?.[first]) ?? findOrMake(labels) : findOrMake
}

/** Returns every combination of label values; none when a label has a pattern. */
export function closedCombinations(definition: CellDefinition, given: GivenValues): readonly CellLabels[] {
  let combinations: readonly CellLabels[] = [{}]
  for (const [name, values] of Object.entries(definition.labels)) {
    const all = listedValues(values, given) ?? []
    combinations = combinations.flatMap((labels) => all.map((value) => ({ ...labels, [name]: value })))
  }
  return combinations
}

/** Returns null for a pattern. */
function listedValues(values: LabelValues, given: GivenValues): readonly string[] | null {
  if ('given' in values) return given[values.given] ?? []
  return 'pattern' in values ? null : values
}

function refuseUnknown(definition: CellDefinition, labels: CellLabels, given: GivenValues): void {
  for (const [name, values] of Object.entries(definition.labels)) {
    const value = labels[name]
    const isKnown =
      value !== undefined && ('pattern' in values ? values.pattern.test(value) : listedValues(values, given)?.includes(value) === true)
    if (!isKnown)
      throw new Error(
        `metric ${definition.name} has no ${name} ${JSON.stringify(value)}: add the value to the table, or give it to the registry`,
      )
  }
}

/** @throws RangeError for a negative number, and for NaN */
export function refuseShrinking(name: string, by: number): void {
  if (!(by >= 0)) throw new RangeError(`counter ${name} cannot grow by ${by}`)
}
