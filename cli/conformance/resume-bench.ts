import type { AnyEvent } from './judge-event.ts'
import { type Lab, makeEvent } from './lab.ts'
import { structuredMessage } from './messages.ts'
import { fail, notChecked, type Rule, type Verdict } from './rule.ts'
import { type Level, resumeProfile } from './section.ts'
import { type EventStream, openEventStream, openSocketStream, type StreamRequest } from './streams.ts'

const transports = { websocket: openSocketStream, sse: openEventStream } as const
export type Transport = keyof typeof transports
export const transportNames = { websocket: 'over WebSocket', sse: 'over SSE' } as const

export const ownType = 'dev.carillon.'
export const isControl = (event: AnyEvent): boolean => typeof event['type'] === 'string' && event['type'].startsWith(ownType)
export const isOf =
  (name: string) =>
  ({ type }: AnyEvent): boolean =>
    type === `${ownType}${name}`
export const cursorOf = (event: AnyEvent | null | undefined): string | null => {
  const cursor = event?.['cursor']
  return typeof cursor === 'string' && cursor !== '' ? cursor : null
}

/** Returns the features that the first control event of a session names. */
export function featuresOf(event: AnyEvent | undefined): readonly unknown[] {
  const { features } = (event?.['data'] ?? {}) as { readonly features?: unknown } // of JSON
  return Array.isArray(features) ? features : []
}

/** The server did something that ends a check. */
class Stopped extends Error {
  readonly verdict: Verdict
  constructor(verdict: Verdict) {
    super(verdict.note)
    this.verdict = verdict
  }
}

const stop = (verdict: Verdict): never => {
  throw new Stopped(verdict)
}

interface Bench {
  readonly lab: Lab
  open(transport: Transport, request?: StreamRequest): Promise<EventStream>
  /** Emits events, in order. @returns their ids */
  emit(count: number, members?: AnyEvent): Promise<readonly string[]>
  /** Reads to an event, and stops the check when it does not come. @returns all events up to it */
  read(stream: EventStream, isWanted: (event: AnyEvent) => boolean, what: string): Promise<readonly AnyEvent[]>
}

/** A check that opens streams, which are closed at its end. */
export function rule(
  about: { readonly id: string; readonly level?: Level; readonly section: string; readonly title: string },
  check: (bench: Bench) => Promise<Verdict>,
): Rule {
  return {
    id: `resume.${about.id}`,
    level: about.level ?? 'MUST',
    section: resumeProfile(about.section),
    title: about.title,
    check: async (lab) => {
      const streams: EventStream[] = []
      try {
        return await check(benchOf(lab, streams))
      } catch (error) {
        if (error instanceof Stopped) return error.verdict
        throw error
      } finally {
        for (const stream of streams) stream.close()
      }
    },
  }
}

function benchOf(lab: Lab, streams: EventStream[]): Bench {
  return {
    lab,
    open: async (transport, request) => {
      const opened = await transports[transport](lab, request)
      if (opened.kind !== 'open') return stop(fail(`It does not open ${transportNames[transport]}: ${opened.reason}.`))
      streams.push(opened.stream)
      return opened.stream
    },
    emit: async (count, members = {}) => {
      const ids: string[] = []
      for (let at = 0; at < count; at += 1) {
        const event = makeEvent(lab, { partitionkey: lab.source, ...members })
        const answer = await lab.post(structuredMessage(event))
        if (!answer.ok) stop(notChecked(`An emit has no answer: ${answer.error}.`))
        else if (answer.value.status !== 202)
          stop(notChecked(`An emit is answered ${answer.value.status}, so no event can be expected. See --emit-token and --extension.`))
        ids.push(event.id)
      }
      return ids
    },
    read: async (stream, isWanted, what) => {
      const { events, found, items } = await stream.until(isWanted)
      const last = items.at(-1)
      const end = last?.kind === 'close' || last?.kind === 'end' ? ` The connection ended: ${last.reason}` : ''
      return found === null ? stop(fail(`${what} did not come within ${lab.timeoutMs} ms.${end}`)) : events
    },
  }
}

export const hasId =
  (id: string | undefined) =>
  (event: AnyEvent): boolean =>
    event['id'] === id

/** Returns the ids of this run's events, in the order of their arrival. */
export const idsOf = (lab: Lab, events: readonly AnyEvent[]): readonly unknown[] =>
  events.flatMap((event) => (event['source'] === lab.source ? [event['id']] : []))

export function compareIds(wanted: readonly string[], got: readonly unknown[]): string | null {
  const lost = wanted.filter((id) => !got.includes(id)).length
  const extra = got.filter((id) => !wanted.some((one) => one === id)).length
  const repeated = got.length - new Set(got).size
  if (lost + extra + repeated > 0)
    return `Of ${wanted.length} events, ${lost} are lost, ${repeated} came twice; ${extra} others came again.`
  return wanted.every((id, at) => id === got[at]) ? null : 'The events came in another order.'
}
