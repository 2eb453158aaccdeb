import type { Emitted } from './emitters.ts'
import type { Watched } from './watchers.ts'

/** Result of a case, by the ids of events. */
export interface Verdict {
  readonly emitted: number
  readonly accepted: number
  /** Events that were answered 202 and that a client did not get, over all clients. */
  readonly lost: number
  /** Events that a client got once more, over all clients. */
  readonly duplicates: number
  /** Events that no emitter sent, over all clients. */
  readonly foreign: number
  /** Emits that were not answered 202, for partitions whose leader was taken away. */
  readonly refusedAway: number
  /** The same for all other partitions. */
  readonly refusedElsewhere: number
  /** Handshakes that were refused. */
  readonly browsersRefused: number
  readonly closes: number
  readonly gaps: number
  /** Sum over the pods. */
  readonly unreadyMs: number
  /** Time from the fault until the first event after which each was answered 202 and delivered within two seconds. */
  readonly recoverMs: number
  /** Samples of faults, for the reader of a failed test. */
  readonly samples: readonly string[]
}

export interface Evidence {
  readonly emitted: readonly Emitted[]
  readonly watched: readonly Watched[]
  readonly faultMs: number
  /** Partitions whose leader the case takes away. */
  readonly away: readonly number[]
  readonly unreadyMs: number
  readonly unreadyBecause: readonly string[]
}

export const smoothWithinMs = 2_000

export function checkCase(evidence: Evidence): Verdict {
  const { emitted, watched, away } = evidence
  const accepted = emitted.filter(({ status }) => status === 202)
  const refused = emitted.filter(({ status }) => status !== 202)
  const sent = new Set(emitted.map(({ id }) => id))
  const total = (count: (seen: Watched) => number): number => watched.reduce((sum, seen) => sum + count(seen), 0)
  return {
    emitted: emitted.length,
    accepted: accepted.length,
    lost: total((seen) => lostBy(seen, accepted).length),
    duplicates: total(({ events }) => events.length - new Set(events.map(({ id }) => id)).size),
    foreign: total(({ events }) => events.filter(({ id }) => !sent.has(id)).length),
    refusedAway: refused.filter(({ partition }) => away.includes(partition)).length,
    refusedElsewhere: refused.filter(({ partition }) => !away.includes(partition)).length,
    browsersRefused: total(({ refusals }) => refusals.length),
    closes: total(({ closes }) => closes.length),
    gaps: total(({ gaps }) => gaps.length),
    unreadyMs: evidence.unreadyMs,
    recoverMs: recoverMs(evidence),
    samples: samplesOf(evidence),
  }
}

export function lostBy({ events }: Watched, accepted: readonly Emitted[]): readonly Emitted[] {
  const got = new Set(events.map(({ id }) => id))
  return accepted.filter(({ id }) => !got.has(id))
}

/** Returns the time at which each client first got each event. */
function arrivals(watched: readonly Watched[]): ReadonlyMap<string, readonly number[]> {
  const at = new Map<string, number[]>()
  for (const { events } of watched) for (const { id, atMs } of events) at.set(id, [...(at.get(id) ?? []), atMs])
  return at
}

/** Returns whether it was answered 202 and delivered to each of these clients within two seconds. */
export function isSmooth(event: Emitted, at: ReadonlyMap<string, readonly number[]>, clients: number): boolean {
  const times = at.get(event.id) ?? []
  return event.status === 202 && times.length >= clients && times.every((atMs) => atMs - event.sentMs < smoothWithinMs)
}

/** Clients that never leave show the time of delivery. The others are away for a moment by themselves. */
function recoverMs({ emitted, watched, faultMs }: Evidence): number {
  const staying = watched.filter(({ name }) => name.startsWith('plain'))
  const at = arrivals(staying)
  const rough = emitted.filter((event) => event.sentMs >= faultMs && !isSmooth(event, at, staying.length))
  return rough.reduce((latest, { sentMs }) => Math.max(latest, sentMs - faultMs), 0)
}

function samplesOf({ emitted, watched, unreadyBecause }: Evidence): readonly string[] {
  const accepted = emitted.filter(({ status }) => status === 202)
  const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].slice(0, 4)
  return [
    ...distinct(emitted.filter(({ status }) => status !== 202).map(({ status, detail }) => `emit ${status} ${detail.slice(0, 300)}`)),
    ...watched.flatMap((seen) => {
      const lost = lostBy(seen, accepted)
      return lost.length === 0
        ? []
        : [
            `${seen.name} lost ${lost.length} (${seen.closes.length} closes): ${lost
              .slice(0, 3)
              .map(({ id, partition }) => `${id} of partition ${partition}`)
              .join(', ')}`,
          ]
    }),
    ...distinct(watched.flatMap(({ name, refusals }) => refusals.map(({ why }) => `${name} was refused by ${why}`))),
    ...distinct(watched.flatMap(({ name, gaps }) => gaps.map(({ reason, pod }) => `${name} got a gap from ${pod}: ${reason}`))),
    ...distinct(watched.flatMap(({ name, closes }) => closes.map(({ code, reason }) => `${name} was closed with ${code} ${reason}`))),
    ...distinct(unreadyBecause),
  ]
}

const columns = [
  'case',
  'emits',
  '202',
  'lost',
  'twice',
  'refused: away',
  'elsewhere',
  'browsers refused',
  'gaps',
  'unready s',
  'recovered after s',
] as const

export const verdictHeader = `| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|`

export function renderVerdict(name: string, verdict: Verdict): string {
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
  const { emitted, accepted, lost, duplicates, refusedAway, refusedElsewhere, browsersRefused, gaps } = verdict
  return `| ${[name, emitted, accepted, lost, duplicates, refusedAway, refusedElsewhere, browsersRefused, gaps, seconds(verdict.unreadyMs), seconds(verdict.recoverMs)].join(' | ')} |`
}
