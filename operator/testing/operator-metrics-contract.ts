import { describe, expect, it } from 'vitest'
import { closedCombinations, type CellLabels } from '../observability/metric-handles.ts'
import {
  operatorMetrics as table,
  type CellDefinition,
  type MetricDefinition,
  type OperatorMetrics,
  type Sample,
} from '../observability/metrics.ts'
import { testNames } from './recording-metrics.ts'

export interface OperatorMetricsUnderTest {
  /** Made with `testNames`. */
  readonly metrics: OperatorMetrics
  /** What a scrape shows of one time series; of a histogram, its count. Undefined when there is no such series. */
  read(name: keyof OperatorMetrics, labels?: CellLabels): Promise<number | undefined>
  samples(name: keyof OperatorMetrics): Promise<readonly Sample[]>
}

interface Series {
  readonly key: keyof OperatorMetrics
  readonly definition: CellDefinition
  readonly labels: CellLabels
}

/** Every row of the table with every combination of label values that it lists. */
export const allSeries: readonly Series[] = Object.entries<MetricDefinition>(table).flatMap(
  ([key, definition]) =>
    definition.type === 'transient'
      ? []
      : closedCombinations(definition, testNames).map((labels) => ({ key: key as keyof OperatorMetrics, definition, labels })), // a key of the table by construction
)

/** A handle of whatever row, for tests that walk the table and therefore know no types. */
type AnyHandle = Readonly<Record<'add' | 'observe', (value: number, labels?: CellLabels) => void>>

/** What the operator's parts may expect of their metrics, whoever keeps the numbers. */
export function operatorMetricsContract(name: string, create: () => OperatorMetricsUnderTest): void {
  describe(`the operator's metrics: ${name}`, () => {
    it('shows every series whose labels are listed from the start, at zero', async () => {
      const { read } = create()
      const shown = await Promise.all(allSeries.map(({ key, labels }) => read(key, labels)))
      expect(shown).toEqual(allSeries.map(() => 0))
    })

    it('lets each series count for itself', async () => {
      const { metrics, read } = create()
      const handle = (key: keyof OperatorMetrics): AnyHandle => metrics[key] as unknown as AnyHandle // the test picks the method by the row's type
      allSeries.forEach(({ key, definition, labels }, index) => {
        if (definition.type === 'histogram') handle(key).observe(0.5, labels)
        else handle(key).add(index + 1, labels)
      })
      const shown = await Promise.all(allSeries.map(({ key, labels }) => read(key, labels)))
      expect(shown).toEqual(allSeries.map(({ definition }, index) => (definition.type === 'histogram' ? 1 : index + 1)))
    })

    it('has for every row the methods of its type', () => {
      const { metrics } = create()
      const methods = Object.entries<MetricDefinition>(table).map(([key, { type }]) => [
        type,
        Object.keys(metrics[key as keyof OperatorMetrics])
          .toSorted()
          .join(),
      ])
      const expected = { counter: 'add,collect', gauge: 'add,collect,set', histogram: 'observe', transient: 'collect' }
      expect(methods).toEqual(Object.values<MetricDefinition>(table).map(({ type }) => [type, expected[type]]))
    })

    it('moves a gauge up, down and to a value', async () => {
      const { metrics, read } = create()
      metrics.channels.set(5, { ready: 'true' })
      metrics.channels.add(-2, { ready: 'true' })
      expect([await read('channels', { ready: 'true' }), await read('channels', { ready: 'false' })]).toEqual([3, 0])
    })

    it('asks for what is collected at each look, not before', async () => {
      const { metrics, read } = create()
      let asked = 0
      metrics.watchRelists.collect(() => (asked += 1), { resource: 'deployments' })
      metrics.watchLastEventAge.collect(() => 7, { resource: 'deployments' })
      expect(asked).toBe(0)
      expect([await read('watchRelists', { resource: 'deployments' }), await read('watchRelists', { resource: 'deployments' })]).toEqual([
        1, 2,
      ])
      expect(await read('watchLastEventAge', { resource: 'deployments' })).toBe(7)
    })

    it('shows a series of an open label when it is first counted', async () => {
      const { metrics, read } = create()
      expect(await read('restRequests', { code: '409', method: 'PUT' })).toBe(undefined)
      metrics.restRequests.add(2, { code: '409', method: 'PUT' })
      metrics.restRequests.add(1, { code: '409', method: 'PUT' })
      expect(await read('restRequests', { code: '409', method: 'PUT' })).toBe(3)
    })

    it('shows what is in progress, and no longer once it is over', async () => {
      const { metrics, samples } = create()
      const running: Sample[] = [{ labels: { controller: 'realtimechannel', namespace: 'shop', name: 'orders' }, value: 1_700_000_000 }]
      metrics.reconcileStarted.collect(() => [...running])
      expect(await samples('reconcileStarted')).toEqual(running)
      running.pop()
      expect(await samples('reconcileStarted')).toEqual([])
    })

    it('refuses to let a counter shrink or become no number', async () => {
      const { metrics, read } = create()
      expect(() => metrics.reconcileErrors.add(-1, { controller: 'realtimechannel' })).toThrow(
        'counter controller_runtime_reconcile_errors_total cannot grow by -1',
      )
      expect(() => metrics.reconcileErrors.add(Number.NaN, { controller: 'realtimechannel' })).toThrow('cannot grow by NaN')
      expect(await read('reconcileErrors', { controller: 'realtimechannel' })).toBe(0)
    })

    it('refuses a label value that is not in the table, or was not given', () => {
      const { metrics } = create()
      // @ts-expect-error no such result
      expect(() => metrics.reconciles.add(1, { controller: 'realtimechannel', result: 'boredom' })).toThrow('has no result "boredom"')
      // @ts-expect-error the labels are missing
      expect(() => metrics.reconciles.add(1)).toThrow('has no controller undefined')
      expect(() => metrics.applies.add(1, { kind: 'Pod', outcome: 'ok' })).toThrow(
        'metric carillon_operator_applies_total has no kind "Pod"',
      )
      expect(() => metrics.restRequests.add(1, { code: 'many', method: 'GET' })).toThrow('has no code "many"')
    })
  })
}
