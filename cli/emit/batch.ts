import { isRecord } from '../../program/is-record.ts'
import { causeOf } from '../cause-of.ts'
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
export async function emitBatches(parts: BatchParts): Promise<Tally> {
  const { sender, world } = parts
  const counts: Counts = { accepted: 0, refused: 0 }
  let lastLine = 0
  let reportedAtMs = world.now()
  const finish = (stopped: string | null): Tally => ({
    ...counts,
    requests: sender.requests,
    retries: sender.retries,
    lastLine,
    stopped,
  })
  try {
    for await (const batch of readBatches(parts, counts)) {
      const stopped = await sendEvents(parts, counts, batch)
      if (stopped !== null) return finish(stopped)
      lastLine = batch.at(-1)?.line ?? lastLine
      if (world.now() - reportedAtMs < progressEveryMs) continue
      reportedAtMs = world.now()
      world.err(`line ${lastLine}: ${counts.accepted} accepted, ${counts.refused} refused\n`)
    }
    return finish(null)
  } catch (error) {
    // Ctrl-C ends a read that waits. Else the file is missing or cannot be read, or a line is too long.
    return finish(world.interrupted.aborted ? interrupted : `The input cannot be read (${causeOf(error)}).`)
  }
}

interface Counts {
  accepted: number
  refused: number
}

const interrupted = 'Interrupted.'

/** Returns the events of the lines in batches below both limits. Reports lines that are not JSON objects. */
async function* readBatches({ lines, defaults, maxEvents, world }: BatchParts, counts: Counts): AsyncGenerator<readonly NumberedEvent[]> {
  let batch: NumberedEvent[] = []
  let bytes = 0
  const take = (): readonly NumberedEvent[] => {
    const taken = batch
    batch = []
    bytes = 0
    return taken
  }
  for await (const { number, text } of readLines(lines)) {
    const event = readEvent(number, text, defaults)
    if (!event.ok) {
      counts.refused += 1
      world.err(`line ${number}: ${event.error}\n`)
      continue
    }
    const size = Buffer.byteLength(event.value.json) + 1
    if (batch.length > 0 && bytes + size > maxBodyBytes) yield take()
    batch.push(event.value)
    bytes += size
    // At once, and not with the next line: the next one may be long in coming.
    if (batch.length >= maxEvents) yield take()
  }
  if (batch.length > 0) yield batch
}

/** Sends the events. If the gateway refuses some, sends the others without them. @returns the reason to stop; null: go on */
async function sendEvents(parts: BatchParts, counts: Counts, events: readonly NumberedEvent[]): Promise<string | null> {
  const { url, sender, world } = parts
  if (events.length === 0) return null
  if (world.interrupted.aborted) return interrupted
  const body = `[${events.map(({ json }) => json).join(',')}]`
  const outcome = await sender.send({ url, contentType: 'application/cloudevents-batch+json', body })
  switch (outcome.kind) {
    case 'accepted':
      counts.accepted += events.length
      return null
    case 'refused':
      return isAboutEvents(outcome.refusal)
        ? sendOthers(parts, counts, { events, refusal: outcome.refusal })
        : describeRefusal(outcome.refusal)
    case 'gave-up':
      return outcome.reason
    case 'interrupted':
      return `${interrupted} The last request may or may not be in the topic.`
    default:
      return outcome satisfies never
  }
}

async function sendOthers(
  parts: BatchParts,
  counts: Counts,
  { events, refusal }: { readonly events: readonly NumberedEvent[]; readonly refusal: Refusal },
): Promise<string | null> {
  const listed = readReasons(refusal, events.length)
  const reasons = listed.size === 0 && events.length === 1 ? new Map([[0, describeRefusal(refusal)]]) : listed
  for (const [at, reason] of reasons) {
    counts.refused += 1
    parts.world.err(`line ${events[at]?.line} (id ${events[at]?.id}): ${reason}\n`)
  }
  if (reasons.size > 0)
    return sendEvents(
      parts,
      counts,
      events.filter((_, at) => !reasons.has(at)),
    )
  // Too large, for example, without a list of the wrong ones: halves find them.
  const half = Math.ceil(events.length / 2)
  return (await sendEvents(parts, counts, events.slice(0, half))) ?? sendEvents(parts, counts, events.slice(half))
}

/** Returns whether the refusal is about single events, so that others may be accepted. */
const isAboutEvents = ({ problem, status }: Refusal): boolean => problem !== null && (status === 400 || status === 413)

/** Returns the reasons by index of the event in a request of `count` events. */
function readReasons({ body }: Refusal, count: number): ReadonlyMap<number, string> {
  const events = Array.isArray(body['events']) ? body['events'] : []
  const reasons = events.filter(isRecord).map((event) => {
    const problems = Array.isArray(event['problems']) ? event['problems'] : []
    return [Number(event['index']), problems.map(describeError).join('; ')] as const
  })
  return new Map(reasons.filter(([index]) => Number.isInteger(index) && index >= 0 && index < count))
}
