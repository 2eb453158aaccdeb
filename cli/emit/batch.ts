import { isRecord } from '../../program/is-record.ts'
import { causeOf } from '../message-of.ts'
import { describeError, describeRefusal, type Refusal } from '../problem.ts'
import type { World } from '../world.ts'
import { type EventDefaults, type NumberedEvent, readEvent } from './read-event.ts'
import { readLines } from './read-lines.ts'
import type { Sender } from './send.ts'

export interface BatchParts {
  readonly url: URL
  readonly lines: AsyncIterable<Buffer | string>
  readonly defaults: EventDefaults
  /** Most events of a request. */
  readonly maxEvents: number
  readonly sender: Sender
  readonly world: World
}

export interface Tally {
  readonly accepted: number
  readonly refused: number
  readonly requests: number
  readonly retries: number
  /** Line of the last event that was accepted or refused. */
  readonly lastLine: number
  /** Reason for an end before the last line; null: all lines were read. */
  readonly stopped: string | null
}

/** Below EMIT_MAX_BODY_BYTES, which is 1 MiB by default. A gateway with a lower limit refuses, and the batch is cut in halves. */
const maxBodyBytes = 900_000
const progressEveryMs = 1_000

/** Sends all lines, one request at a time, and holds one batch in memory. */
export async function emitBatches({ url, lines, defaults, maxEvents, sender, world }: BatchParts): Promise<Tally> {
  const tally = { accepted: 0, refused: 0, lastLine: 0 }
  let reportedAtMs = world.now()
  let stopped: string | null = null
  let batch: NumberedEvent[] = []
  let bytes = 0

  const refuseEvent = (line: number, id: string | null, reason: string): void => {
    tally.refused += 1
    world.err(`line ${line}${id === null ? '' : ` (id ${id})`}: ${reason}\n`)
  }
  const report = (): void => {
    if (world.now() - reportedAtMs < progressEveryMs) return
    reportedAtMs = world.now()
    world.err(`line ${tally.lastLine}: ${tally.accepted} accepted, ${tally.refused} refused\n`)
  }
  /** Sends the events, and those that the gateway accepts without the others. @returns the reason to stop; null: go on */
  const send = async (events: readonly NumberedEvent[]): Promise<string | null> => {
    if (events.length === 0) return null
    if (world.interrupted.aborted) return 'interrupted'
    const body = `[${events.map(({ json }) => json).join(',')}]`
    const outcome = await sender.send({ url, contentType: 'application/cloudevents-batch+json', body })
    if (outcome.kind === 'interrupted') return 'interrupted; the last request may or may not be in the topic'
    if (outcome.kind === 'gave-up') return outcome.reason
    if (outcome.kind === 'accepted') tally.accepted += events.length
    else if (!aboutEvents(outcome.refusal)) return describeRefusal(outcome.refusal)
    else return sendOthers(events, outcome.refusal)
    return null
  }
  const sendOthers = async (events: readonly NumberedEvent[], refusal: Refusal): Promise<string | null> => {
    const [only] = events
    const wrong = wrongEvents(refusal, events.length)
    if (events.length === 1 && only !== undefined) {
      refuseEvent(only.line, only.id, [...wrong.values()][0] ?? describeRefusal(refusal))
      return null
    }
    // Without a list of the wrong ones (too large, for example), halves find them.
    const half = Math.ceil(events.length / 2)
    if (wrong.size === 0) return (await send(events.slice(0, half))) ?? send(events.slice(half))
    for (const [at, reason] of wrong) refuseEvent(events[at]?.line ?? 0, events[at]?.id ?? null, reason)
    return send(events.filter((_, at) => !wrong.has(at)))
  }
  const flush = async (): Promise<void> => {
    stopped = await send(batch)
    if (stopped === null) tally.lastLine = batch.at(-1)?.line ?? tally.lastLine
    batch = []
    bytes = 0
    report()
  }

  try {
    for await (const { number, text } of readLines(lines)) {
      const event = readEvent(number, text, defaults)
      if (!event.ok) refuseEvent(number, null, event.error)
      else {
        const size = Buffer.byteLength(event.value.json) + 1
        if (batch.length >= maxEvents || (batch.length > 0 && bytes + size > maxBodyBytes)) await flush()
        batch.push(event.value)
        bytes += size
      }
      if (world.interrupted.aborted) stopped ??= 'interrupted'
      if (stopped !== null) break
    }
    if (stopped === null) await flush()
  } catch (error) {
    // The file is missing or cannot be read, or a line is too long.
    stopped = `The input cannot be read (${causeOf(error)}).`
  }
  return { ...tally, requests: sender.requests, retries: sender.retries, stopped }
}

/** Returns whether the refusal is about single events, so that others may be accepted. */
const aboutEvents = ({ problem, status }: Refusal): boolean => problem !== null && (status === 400 || status === 413)

/** Returns the reasons by index of the event in a request of `count` events. */
function wrongEvents({ body }: Refusal, count: number): ReadonlyMap<number, string> {
  const events = Array.isArray(body['events']) ? body['events'] : []
  const reasons = events.filter(isRecord).map((event) => {
    const problems = Array.isArray(event['problems']) ? event['problems'] : []
    return [Number(event['index']), problems.map(describeError).join('; ')] as const
  })
  return new Map(reasons.filter(([index]) => index >= 0 && index < count))
}
