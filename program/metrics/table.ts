/** Row of a metric whose series are added to, set or observed. */
export interface CellDefinition {
  /** Name as Prometheus sees it, unit included. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Name of each label -> its values. */
  readonly labels: Readonly<Record<string, LabelValues>>
  readonly buckets?: readonly number[]
}

/**
 * All values of a label. They are listed here, or given under a name when the registry is made, or they match a pattern that few texts match. A
 * series with a pattern appears when it is first counted.
 */
export type LabelValues = readonly string[] | { readonly given: string } | { readonly pattern: RegExp; readonly words: string }

/** Row of a gauge whose series appear and end with the things that they describe. */
export interface TransientDefinition {
  readonly name: string
  readonly type: 'transient'
  readonly help: string
  /** Names of the labels. Their values are open. */
  readonly labels: readonly string[]
}

export type MetricDefinition = CellDefinition | TransientDefinition

/**
 * Every metric of a program: one table. From it come the handles, the registry and the reference. Label values are closed sets, and their series
 * begin at zero. A counter that appears with its first failure has no increase that an alert can see.
 */
export type MetricTable = Readonly<Record<string, MetricDefinition>>

export type MetricNameOf<Table extends MetricTable> = Extract<keyof Table, string>

/** Label values under the names of `LabelValues.given`. */
export type GivenValuesOf<Table extends MetricTable> = { readonly [Name in GivenNameOf<Table[keyof Table]>]: readonly string[] }

type GivenNameOf<D> = D extends CellDefinition
  ? { [Name in keyof D['labels']]: D['labels'][Name] extends { readonly given: infer G extends string } ? G : never }[keyof D['labels']]
  : never

/** One handle per row of the table: what the parts of a program are given. */
export type MetricsOf<Table extends MetricTable> = { readonly [Name in keyof Table]: MetricHandle<Table[Name]> }

type MetricHandle<D> = D extends { readonly type: 'counter'; readonly labels: infer L }
  ? Counter<LabelArguments<L>>
  : D extends { readonly type: 'gauge'; readonly labels: infer L }
    ? Gauge<LabelArguments<L>>
    : D extends { readonly type: 'histogram'; readonly labels: infer L }
      ? Histogram<LabelArguments<L>>
      : TransientGauge

type LabelArguments<L> = keyof L extends never ? [] : [labels: LabelsOf<L>]
type LabelsOf<L> = { readonly [Name in keyof L]: L[Name] extends readonly (infer V)[] ? V : string }

export interface Counter<A extends unknown[]> {
  /** @param by at least 0 */
  add(by: number, ...labels: A): void
  /** Asks `read` for the total at each scrape, in place of `add`. */
  collect(read: () => number, ...labels: A): void
}

export interface Gauge<A extends unknown[]> {
  set(value: number, ...labels: A): void
  add(by: number, ...labels: A): void
  /** Asks `read` for the value at each scrape, in place of `set`. */
  collect(read: () => number, ...labels: A): void
}

export interface Histogram<A extends unknown[]> {
  observe(value: number, ...labels: A): void
}

/** One series of a transient gauge. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface TransientGauge {
  /** Adds a source of series. It is asked at each scrape, so it must be short. */
  collect(read: () => readonly Sample[]): void
}
