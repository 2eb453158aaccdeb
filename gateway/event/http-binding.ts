import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../result.ts'
import type { EventLimits, EventProblem, IncomingEvent } from './cloud-event.ts'
import { parseJson } from './json-text.ts'
import { judgeEvent, type RawEvent } from './judge-event.ts'
import { readStructuredEvent } from './structured-event.ts'

/** A request that may carry events. Header names are lower case, as node:http gives them. */
export interface HttpEventsRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

export interface HttpBindingLimits extends EventLimits {
  /** Most events of a batch. */
  readonly maxBatch: number
}

export interface DecodedRequest {
  /** At least one. */
  readonly events: readonly IncomingEvent[]
  readonly isBatch: boolean
}

export type HttpBindingFailure =
  | { readonly kind: 'unsupported-media-type'; readonly detail: string }
  | { readonly kind: 'not-json'; readonly detail: string }
  | { readonly kind: 'event-too-large'; readonly detail: string }
  | { readonly kind: 'batch-too-large'; readonly detail: string }
  | { readonly kind: 'invalid-event'; readonly problems: readonly EventProblem[] }
  | { readonly kind: 'invalid-batch'; readonly detail: string; readonly events: readonly { readonly index: number; readonly problems: readonly EventProblem[] }[] }

type Decoded = Result<DecodedRequest, HttpBindingFailure>

/** Reads the events of a request: CloudEvents HTTP protocol binding 1.0.2, section 3, in all three modes. Pure. */
export function decodeHttpEvents(request: HttpEventsRequest, limits: HttpBindingLimits, now: () => Date): Decoded {
  const contentType = headerOf(request, 'content-type')
  const [mediaType = '', ...parameters] = (contentType ?? '').toLowerCase().split(';').map((part) => part.trim())
  if (!mediaType.startsWith('application/cloudevents')) return decodeBinary(request, contentType, limits, now)
  if (!isUtf8Charset(parameters)) return failed({ kind: 'unsupported-media-type', detail: 'The charset must be utf-8.' })
  switch (mediaType) {
    case 'application/cloudevents+json':
      return decodeStructured(request.body, limits, now)
    case 'application/cloudevents-batch+json':
      return decodeBatch(request.body, limits, now)
    default:
      return failed({ kind: 'unsupported-media-type', detail: 'Of the CloudEvents formats, JSON is understood: application/cloudevents+json, application/cloudevents-batch+json.' })
  }
}

function isUtf8Charset(parameters: readonly string[]): boolean {
  return parameters.every((parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter))
}

function headerOf({ headers }: HttpEventsRequest, name: string): string | null {
  const value = headers[name]
  return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
}

// ---- binary: attributes in ce- headers

function decodeBinary(request: HttpEventsRequest, contentType: string | null, limits: HttpBindingLimits, now: () => Date): Decoded {
  if (request.headers['ce-specversion'] === undefined) {
    return failed({ kind: 'unsupported-media-type', detail: 'Send application/cloudevents+json, application/cloudevents-batch+json, or the binary mode: `ce-` headers, ce-specversion among them, and the data as body.' })
  }
  const problems: EventProblem[] = []
  const attributes: Record<string, string> = Object.create(null) // whatever name a header has, here it is a name like any other
  for (const [header, given] of Object.entries(request.headers)) {
    if (!header.startsWith('ce-') || given === undefined) continue
    const name = header.slice(3)
    const value = typeof given === 'string' ? decodeHeader(given) : null
    if (value === null) problems.push({ attribute: name.slice(0, 64), detail: 'must be sent once, as percent-encoded UTF-8 (HTTP binding, section 3.1.3.2).' })
    else attributes[name] = value
  }
  if (contentType !== null) attributes.datacontenttype = contentType
  const judged = judgeSized({ attributes, data: request.body.length === 0 ? null : request.body }, limits, now)
  if (!judged.ok) return failed(judged.error.kind === 'invalid-event' ? { kind: 'invalid-event', problems: [...problems, ...judged.error.problems] } : judged.error)
  return problems.length > 0 ? failed({ kind: 'invalid-event', problems }) : ok({ events: [judged.value], isBatch: false })
}

/** node:http reads header bytes as Latin-1. A value may stand in double quotes. @returns null when it is not properly encoded */
function decodeHeader(latin1: string): string | null {
  const bytes = Buffer.from(latin1, 'latin1')
  const text = isUtf8(bytes) ? bytes.toString() : null
  if (text === null) return null
  const unquoted = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
  try {
    return decodeURIComponent(unquoted)
  } catch {
    // URIError: a percent sign that begins no byte, or bytes that are not UTF-8.
    return null
  }
}

// ---- structured and batched: JSON

function decodeStructured(body: Buffer, limits: HttpBindingLimits, now: () => Date): Decoded {
  const parsed = parseJson(body)
  if (!parsed.ok) return failed({ kind: 'not-json', detail: parsed.error.detail })
  const judged = judgeStructured(parsed.value, limits, now)
  return judged.ok ? ok({ events: [judged.value], isBatch: false }) : judged
}

function decodeBatch(body: Buffer, limits: HttpBindingLimits, now: () => Date): Decoded {
  const parsed = parseJson(body)
  if (!parsed.ok) return failed({ kind: 'not-json', detail: parsed.error.detail })
  const values = parsed.value
  if (!Array.isArray(values)) return failed({ kind: 'invalid-batch', detail: 'A batch must be a JSON array of events.', events: [] })
  if (values.length === 0) return failed({ kind: 'invalid-batch', detail: 'The batch has no events.', events: [] })
  if (values.length > limits.maxBatch) return failed({ kind: 'batch-too-large', detail: `The batch has ${values.length} events; at most ${limits.maxBatch} are allowed (EMIT_MAX_BATCH).` })
  const judged = values.map((value: unknown) => judgeStructured(value, limits, now))
  const tooLarge = judged.findIndex((one) => !one.ok && one.error.kind === 'event-too-large')
  if (tooLarge >= 0) return failed({ kind: 'event-too-large', detail: `Event ${tooLarge} of the batch has more than ${limits.maxEventBytes} bytes of data (MAX_EVENT_BYTES).` })
  const wrong = judged.flatMap((one, index) => (!one.ok && one.error.kind === 'invalid-event' ? [{ index, problems: one.error.problems }] : []))
  if (wrong.length > 0) return failed({ kind: 'invalid-batch', detail: `${wrong.length} of ${values.length} events break a rule; none was accepted.`, events: wrong })
  return ok({ events: judged.flatMap((one) => (one.ok ? [one.value] : [])), isBatch: true })
}

type EventFailure = Extract<HttpBindingFailure, { readonly kind: 'event-too-large' | 'invalid-event' }>

function judgeStructured(value: unknown, limits: HttpBindingLimits, now: () => Date): Result<IncomingEvent, EventFailure> {
  const raw = readStructuredEvent(value)
  return raw.ok ? judgeSized(raw.value, limits, now) : failed({ kind: 'invalid-event', problems: raw.error })
}

function judgeSized(raw: RawEvent, limits: HttpBindingLimits, now: () => Date): Result<IncomingEvent, EventFailure> {
  if ((raw.data?.length ?? 0) > limits.maxEventBytes) return failed({ kind: 'event-too-large', detail: `The event has more than ${limits.maxEventBytes} bytes of data (MAX_EVENT_BYTES).` })
  const judged = judgeEvent(raw, limits, now)
  return judged.ok ? judged : failed({ kind: 'invalid-event', problems: judged.error })
}
