import { describe, expect, it } from 'vitest'
import { metrics as table } from '../observability/metrics.ts'
import type { CellLabels } from '../observability/metric-handles.ts'
import type { MetricDefinition, Metrics } from '../observability/metrics.ts'

export interface MetricsUnderTest {
  readonly metrics: Metrics
  /** What a scrape shows of one time series; of a histogram, its count. Undefined when there is no such series. */
  read(name: keyof Metrics, labels?: CellLabels): Promise<number | undefined>
}

/** Every row of the table with every combination of label values it allows. */
export const allSeries: readonly { readonly key: keyof Metrics; readonly definition: MetricDefinition; readonly labels: CellLabels }[] =
  Object.entries<MetricDefinition>(table).flatMap(([key, definition]) => {
    const [label] = Object.entries(definition.labels)
    const all = label === undefined ? [{}] : label[1].map((value) => ({ [label[0]]: value }))
    return all.map((labels) => ({ key: key as keyof Metrics, definition, labels })) // a key of the table by construction
  })

/** A handle of whatever row, for tests that walk the table and therefore know no types. */
type AnyHandle = Readonly<Record<'add' | 'set' | 'observe', (value: number, labels?: CellLabels) => void>> & {
  readonly collect: (read: () => number, labels?: CellLabels) => void
}

/** What the core may expect of its metrics, whoever keeps the numbers. */
export function metricsContract(name: string, create: () => MetricsUnderTest): void {
  describe(`metrics: ${name}`, () => {
    it('shows every series of the table from the start, at zero', async () => {
      const { read } = create()
      const shown = await Promise.all(allSeries.map(({ key, labels }) => read(key, labels)))
      expect(shown).toEqual(allSeries.map(() => 0))
    })

    it('has a handle of the right type for every row, and each series counts for itself', async () => {
      const { metrics, read } = create()
      const handle = (key: keyof Metrics): AnyHandle => metrics[key] as unknown as AnyHandle // the test picks the method by the row's type
      allSeries.forEach(({ key, definition, labels }, index) => {
        if (definition.type === 'histogram') handle(key).observe(0.5)
        else handle(key).add(index + 1, labels)
      })
      const shown = await Promise.all(allSeries.map(({ key, labels }) => read(key, labels)))
      expect(shown).toEqual(allSeries.map(({ definition }, index) => (definition.type === 'histogram' ? 1 : index + 1)))
      const methods = Object.fromEntries(
        Object.keys(table).map((key) => [
          key,
          Object.keys(metrics[key as keyof Metrics])
            .toSorted()
            .join(),
        ]),
      ) // keys of the table
      const expected = { counter: 'add', gauge: 'add,collect,set', histogram: 'observe' }
      expect(methods).toEqual(Object.fromEntries(Object.entries<MetricDefinition>(table).map(([key, { type }]) => [key, expected[type]])))
    })

    it('sums what a counter is given, fractions and zero too', async () => {
      const { metrics, read } = create()
      for (const by of [1, 0, 2.5]) metrics.deliveries.add(by)
      expect(await read('deliveries')).toBe(3.5)
      expect(await read('deliveries')).toBe(3.5)
    })

    it('moves a gauge up, down and to a value', async () => {
      const { metrics, read } = create()
      metrics.sessions.set(5, { transport: 'sse' })
      metrics.sessions.add(-2, { transport: 'sse' })
      expect(await read('sessions', { transport: 'sse' })).toBe(3)
      expect(await read('sessions', { transport: 'websocket' })).toBe(0)
    })

    it('asks for a collected gauge at each look, not before', async () => {
      const { metrics, read } = create()
      let asked = 0
      metrics.replayBytes.collect(() => (asked += 1) * 100)
      expect(asked).toBe(0)
      expect(await read('replayBytes')).toBe(100)
      expect(await read('replayBytes')).toBe(200)
    })

    it('refuses to let a counter shrink or become no number', async () => {
      const { metrics, read } = create()
      metrics.gaps.add(1, { reason: 'too-old' })
      expect(() => metrics.gaps.add(-1, { reason: 'too-old' })).toThrow('counter carillon_gaps_total cannot grow by -1')
      expect(() => metrics.deliveries.add(Number.NaN)).toThrow('cannot grow by NaN')
      expect(await read('gaps', { reason: 'too-old' })).toBe(1)
    })

    it('refuses a label value that is not in the table, at compile time and at run time', () => {
      const { metrics } = create()
      // @ts-expect-error no such reason
      expect(() => metrics.gaps.add(1, { reason: 'boredom' })).toThrow('metric carillon_gaps_total has no reason "boredom"')
      // @ts-expect-error the label is missing
      expect(() => metrics.gaps.add(1)).toThrow('metric carillon_gaps_total has no reason undefined')
      // @ts-expect-error a counter cannot be set
      expect(metrics.gaps.set).toBe(undefined)
      // @ts-expect-error a histogram does not count by hand
      expect(metrics.emitLatency.add).toBe(undefined)
    })
  })
}
