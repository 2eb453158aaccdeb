import { figure } from '../../lib/bench.ts'
import { burstCases, eventsPerBurst, pacedCases } from './cases.ts'
import { compare, oursName, renderMarkdown, type Section, valueOf } from './section.ts'

/** Target of a measure in each of its cases: a bound of the ratio of ours to a contender's, or of a figure of our own. */
export interface Target {
  readonly what: string
  readonly measure: string
  /** null: a figure of our own. */
  readonly contender: string | null
  readonly key: string
  /** Cases that count. @default all */
  readonly cases?: RegExp
  readonly min?: number
  readonly max?: number
}

/** Claims that a run confirms or refutes. */
export const wanted: readonly Target[] = [
  {
    what: 'Broadcast, deliveries per CPU second: ours / Centrifugo',
    measure: 'broadcast',
    contender: 'centrifugo',
    key: 'perCpuSecond',
    min: 2,
  },
  { what: 'Broadcast, p99: ours / Centrifugo', measure: 'broadcast', contender: 'centrifugo', key: 'p99', max: 1 },
  {
    what: 'Broadcast, deliveries per CPU second: ours / Socket.IO',
    measure: 'broadcast',
    contender: 'socketio',
    key: 'perCpuSecond',
    min: 3,
  },
  { what: 'Broadcast, p99: ours / Socket.IO', measure: 'broadcast', contender: 'socketio', key: 'p99', max: 1 },
  {
    what: 'Broadcast of single events, deliveries per CPU second: ours / bare node:net',
    measure: 'broadcast',
    contender: 'bare',
    key: 'perCpuSecond',
    cases: pacedCases,
    min: 0.9,
  },
  {
    what: `Broadcast in bursts of ${eventsPerBurst}, deliveries per CPU second: ours / Bun`,
    measure: 'broadcast',
    contender: 'bun',
    key: 'perCpuSecond',
    cases: burstCases,
    min: 1,
  },
  {
    what: 'Broadcast to 1,000 sockets at saturation, deliveries per CPU second: ours / Centrifugo',
    measure: 'broadcast',
    contender: 'centrifugo',
    key: 'perCpuSecond',
    cases: /^1,000 sockets, saturation$/,
    min: 2,
  },
  {
    what: 'To one user over HTTP, events per CPU second: ours / Centrifugo',
    measure: 'targeted',
    contender: 'centrifugo',
    key: 'perCpuSecond',
    cases: /^HTTP/,
    min: 1,
  },
  {
    what: 'To one user over HTTP, p99: ours / Centrifugo',
    measure: 'targeted',
    contender: 'centrifugo',
    key: 'p99',
    cases: /^HTTP/,
    max: 1,
  },
  {
    what: 'To one user from Kafka, events per CPU second: ours / Centrifugo',
    measure: 'targeted',
    contender: 'centrifugo',
    key: 'perCpuSecond',
    cases: /^Kafka/,
    min: 1,
  },
  { what: 'Idle, RSS per connection, KB', measure: 'idle', contender: null, key: 'rss', max: 5 },
  { what: 'Idle, RSS per connection: ours / Centrifugo', measure: 'idle', contender: 'centrifugo', key: 'rss', max: 0.5 },
  { what: 'Handshakes per CPU second, a token verified in each', measure: 'idle', contender: null, key: 'connects', min: 5_000 },
  { what: 'Storm: all served after, s', measure: 'storm', contender: null, key: 'took', max: 2.5 },
  { what: 'Storm: peak RSS, MB', measure: 'storm', contender: null, key: 'peak', max: 300 },
  { what: 'Storm: longest wait / median', measure: 'storm', contender: null, key: 'wait', max: 1.5 },
  { what: 'Loss: deliveries that are missing', measure: 'loss', contender: null, key: 'missing', max: 0 },
  { what: 'Loss: duplicates', measure: 'loss', contender: null, key: 'duplicates', max: 0 },
  { what: "Stalled reader: the others' p99 beside it / without it", measure: 'stalled', contender: null, key: 'ratio', max: 1.1 },
]

export interface Verdict {
  readonly target: Target
  /** Ratios or figures, from our worst to our best; none when it was not measured. */
  readonly values: readonly number[]
  readonly verdict: 'met' | 'missed' | 'met in some cases' | 'not measured'
}

export function checkTarget(target: Target, sections: ReadonlyMap<string, Section>): Verdict {
  const section = sections.get(target.measure)
  const values = section === undefined ? [] : valuesOf(target, section)
  const met = values.filter((value) => value >= (target.min ?? -Infinity) && value <= (target.max ?? Infinity)).length
  const worstFirst = values.toSorted((a, b) => (target.min === undefined ? b - a : a - b))
  const verdict = values.length === 0 ? 'not measured' : met === values.length ? 'met' : met === 0 ? 'missed' : 'met in some cases'
  return { target, values: worstFirst, verdict }
}

function valuesOf({ contender, key, cases: counted = /^/ }: Target, section: Section): readonly number[] {
  const cases = [...new Set(section.rows.map((row) => row.of))].filter((of) => counted.test(of))
  const values = cases.map((of) =>
    contender === null ? valueOf(section, oursName, { of, key }) : compare(section, contender, { of, key }),
  )
  return values.filter((value) => value !== null)
}

export function renderTargets(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, values, verdict }) => [target.what, boundText(target), rangeText(values), verdict])
  return renderMarkdown([['', 'target', 'measured, worst to best', 'verdict'], ...rows])
}

const boundText = ({ min, max }: Target): string => (min === undefined ? `<= ${String(max)}` : `>= ${min}`)

function rangeText(values: readonly number[]): string {
  const [worst, best] = [values[0], values.at(-1)]
  if (worst === undefined || best === undefined) return ''
  return worst === best ? figure(worst) : `${figure(worst)} to ${figure(best)}`
}
