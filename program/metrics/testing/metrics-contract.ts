import { describe, expect, it } from 'vitest'
import { closedCombinations, type CellLabels } from '../handles.ts'
import type { CellDefinition, GivenValuesOf, MetricDefinition, MetricNameOf, MetricsOf, MetricTable, Sample } from '../table.ts'

export interface MetricsUnderTest<Table extends MetricTable> {
  readonly metrics: MetricsOf<Table>
  /** Returns what a scrape shows of one time series; of a histogram, its count. Undefined when there is no such series. */
  read(name: MetricNameOf<Table>, labels?: CellLabels): Promise<number | undefined>
  /** Returns the series that a transient gauge has now. */
  samples(name: MetricNameOf<Table>): Promise<readonly Sample[]>
}

type Create = <Table extends MetricTable>(table: Table, given: GivenValuesOf<Table>) => MetricsUnderTest<Table>

/** A handle of any row, for tests that walk a table and therefore know no types. */
type AnyHandle = Readonly<Record<'add' | 'observe', (value: number, labels?: CellLabels) => void>>

/** A row of each kind. */
export const contractTable = {
  writes: { name: 'test_writes_total', type: 'counter', help: 'Writes.', labels: {} },
  ends: { name: 'test_ends_total', type: 'counter', help: 'Ends, by cause.', labels: { cause: ['peer', 'timeout'] } },
  applies: {
    name: 'test_applies_total',
    type: 'counter',
    help: 'Applies, by kind and outcome.',
    labels: { kind: { given: 'kinds' }, outcome: ['ok', 'failed'] },
  },
  requests: {
    name: 'test_requests_total',
    type: 'counter',
    help: 'Requests, by status and method.',
    labels: { code: { pattern: /^[1-5]\d\d$/, words: 'an HTTP status' }, method: ['GET', 'PUT'] },
  },
  sessions: { name: 'test_sessions', type: 'gauge', help: 'Sessions, by transport.', labels: { transport: ['socket', 'stream'] } },
  bytes: { name: 'test_bytes', type: 'gauge', help: 'Bytes held.', labels: {} },
  latency: { name: 'test_latency_seconds', type: 'histogram', help: 'Latency.', labels: {}, buckets: [0.001, 0.0025, 0.005, 10] },
  waits: { name: 'test_wait_seconds', type: 'histogram', help: 'Waits, by queue.', labels: { queue: { given: 'queues' } }, buckets: [1] },
  running: { name: 'test_running', type: 'transient', help: 'What runs.', labels: ['namespace', 'name'] },
} as const satisfies MetricTable

export const contractGiven = { kinds: ['Deployment', 'Service'], queues: ['users'] } as const

/** Checks a kind of registry: what the parts of a program may expect of their metrics. */
export function metricsContract(name: string, create: Create): void {
  tableContract(`${name}, with a row of each kind`, create, contractTable, contractGiven)

  describe(`metrics in ${name}`, () => {
    const createAll = (): MetricsUnderTest<typeof contractTable> => create(contractTable, contractGiven)

    it('sum what a counter is given, fractions and zero too', async () => {
      const { metrics, read } = createAll()
      for (const by of [1, 0, 2.5]) metrics.writes.add(by)
      expect(await read('writes')).toBe(3.5)
      expect(await read('writes')).toBe(3.5)
    })

    it('move a gauge up, down and to a value', async () => {
      const { metrics, read } = createAll()
      metrics.sessions.set(5, { transport: 'stream' })
      metrics.sessions.add(-2, { transport: 'stream' })
      expect([await read('sessions', { transport: 'stream' }), await read('sessions', { transport: 'socket' })]).toEqual([3, 0])
    })

    it('ask a source at each scrape, not before', async () => {
      const { metrics, read } = createAll()
      let asked = 0
      let bytes = 100
      metrics.ends.collect(() => (asked += 1), { cause: 'peer' })
      metrics.bytes.collect(() => bytes)
      expect(asked).toBe(0)
      expect([await read('ends', { cause: 'peer' }), await read('ends', { cause: 'peer' })]).toEqual([1, 2])
      expect(await read('bytes')).toBe(100)
      bytes = 200
      expect(await read('bytes')).toBe(200)
    })

    it('show a series of a label with a pattern when it is first counted', async () => {
      const { metrics, read } = createAll()
      expect(await read('requests', { code: '409', method: 'PUT' })).toBe(undefined)
      metrics.requests.add(2, { code: '409', method: 'PUT' })
      metrics.requests.add(1, { code: '409', method: 'PUT' })
      expect(await read('requests', { code: '409', method: 'PUT' })).toBe(3)
    })

    it('show the series of a transient gauge while its source has them', async () => {
      const { metrics, samples } = createAll()
      const running: Sample[] = [{ labels: { namespace: 'shop', name: 'orders' }, value: 1_700_000_000 }]
      metrics.running.collect(() => [...running])
      expect(await samples('running')).toEqual(running)
      running.pop()
      expect(await samples('running')).toEqual([])
    })

    it('refuse to let a counter shrink or become no number', async () => {
      const { metrics, read } = createAll()
      metrics.ends.add(1, { cause: 'peer' })
      expect(() => metrics.ends.add(-1, { cause: 'peer' })).toThrow('counter test_ends_total cannot grow by -1')
      expect(() => metrics.writes.add(Number.NaN)).toThrow('cannot grow by NaN')
      expect(await read('ends', { cause: 'peer' })).toBe(1)
    })

    it('refuse a label value that is not in the table, or was not given, at compile time where they can and at run time', () => {
      const { metrics } = createAll()
      // @ts-expect-error no such cause
      expect(() => metrics.ends.add(1, { cause: 'boredom' })).toThrow('metric test_ends_total has no cause "boredom"')
      // @ts-expect-error the label is missing
      expect(() => metrics.ends.add(1)).toThrow('metric test_ends_total has no cause undefined')
      // @ts-expect-error no such outcome
      expect(() => metrics.applies.add(1, { kind: 'Service', outcome: 'boredom' })).toThrow('has no outcome "boredom"')
      // @ts-expect-error the labels are missing
      expect(() => metrics.applies.add(1)).toThrow('has no kind undefined')
      expect(() => metrics.applies.add(1, { kind: 'Pod', outcome: 'ok' })).toThrow('metric test_applies_total has no kind "Pod"')
      expect(() => metrics.requests.add(1, { code: 'many', method: 'GET' })).toThrow('has no code "many"')
    })

    it('have no method that the type of the metric does not have', () => {
      const { metrics } = createAll()
      // @ts-expect-error a counter cannot be set
      expect(metrics.ends.set).toBe(undefined)
      // @ts-expect-error a histogram does not count by hand
      expect(metrics.latency.add).toBe(undefined)
    })
  })
}

/** Checks every row of a table, with every combination of label values that it lists. */
export function tableContract<Table extends MetricTable>(name: string, create: Create, table: Table, given: GivenValuesOf<Table>): void {
  // The keys are those of the table.
  const rows = Object.entries<MetricDefinition>(table) as unknown as readonly (readonly [MetricNameOf<Table>, MetricDefinition])[]
  const series = rows.flatMap(([key, definition]) =>
    definition.type === 'transient' ? [] : closedCombinations(definition, given).map((labels) => ({ key, definition, labels })),
  )

  describe(`metrics in ${name}`, () => {
    it('show every series whose labels are listed from the start, at zero', async () => {
      const { read } = create(table, given)
      const shown = await Promise.all(series.map(({ key, labels }) => read(key, labels)))
      expect(shown).toEqual(series.map(() => 0))
    })

    it('let each series count for itself', async () => {
      const { metrics, read } = create(table, given)
      const handle = (key: MetricNameOf<Table>): AnyHandle => metrics[key] as unknown as AnyHandle // the test picks the method by the row's type
      series.forEach(({ key, definition, labels }, index) => {
        if (definition.type === 'histogram') handle(key).observe(0.5, labels)
        else handle(key).add(index + 1, labels)
      })
      const shown = await Promise.all(series.map(({ key, labels }) => read(key, labels)))
      expect(shown).toEqual(series.map(({ definition }, index) => (isHistogram(definition) ? 1 : index + 1)))
    })

    it('have for every row the methods of its type', () => {
      const { metrics } = create(table, given)
      const methods = rows.map(([key]) => Object.keys(metrics[key]).toSorted().join())
      const expected = { counter: 'add,collect', gauge: 'add,collect,set', histogram: 'observe', transient: 'collect' }
      expect(methods).toEqual(rows.map(([, { type }]) => expected[type]))
    })
  })
}

const isHistogram = ({ type }: CellDefinition): boolean => type === 'histogram'
