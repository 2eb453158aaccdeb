import { isUtf8 } from 'node:buffer'
import { repeatsMember } from '../audience/repeated-members.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { dataShape } from './attributes.ts'
import { checkEvent, type EventFailure } from './check-event.ts'
import type { CloudEvent, EventLimits, EventProblem } from './cloud-event.ts'
import { parseBody } from './parse-body.ts'
import { readStructuredEvent } from './structured-event.ts'

/**
 * A request that may carry events. Header names are in lower case. A header that was sent more than once is a list. node:http joins most such
 * headers into one text, so callers pass `distinctHeaders` of adapters/http.
 */
export interface HttpEventsRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

export interface HttpBindingLimits extends EventLimits {
  /** Most events of a batch. */
  readonly maxBatch: number
}

export interface DecodedRequest {
  /** At least one, but for an empty batch. */
  readonly events: readonly CloudEvent[]
  readonly isBatch: boolean
}

export type HttpBindingFailure =
  | { readonly kind: 'unsupported-media-type'; readonly detail: string }
  | { readonly kind: 'not-json' | 'json-too-deep'; readonly detail: string }
  | EventFailure
  | { readonly kind: 'batch-too-large'; readonly detail: string }
  | {
      readonly kind: 'invalid-batch'
      readonly detail: string
      readonly events: readonly { readonly index: number; readonly problems: readonly EventProblem[] }[]
    }

type Decoded = Result<DecodedRequest, HttpBindingFailure>

/** Reads the events of a request: CloudEvents HTTP protocol binding 1.0.2, section 3, in all three modes. A batch may be empty (section 3.3.2). Pure. */
export function decodeHttpEvents(request: HttpEventsRequest, limits: HttpBindingLimits, now: () => Date): Decoded {
  const contentType = request.headers['content-type'] ?? null
  if (contentType !== null && typeof contentType !== 'string')
    return failed({ kind: 'unsupported-media-type', detail: 'The request has more than one Content-Type header. Send one.' })
  const { mediaType, parameters } = readContentType(contentType ?? '')
  if (!mediaType.startsWith('application/cloudevents')) return decodeBinary(request, contentType, limits, now)
  if (!isUtf8Charset(parameters)) return failed({ kind: 'unsupported-media-type', detail: 'The charset must be utf-8.' })
  switch (mediaType) {
    case 'application/cloudevents+json':
      return decodeStructured(request.body, limits, now)
    case 'application/cloudevents-batch+json':
      return decodeBatch(request.body, limits, now)
    default:
      return failed({
        kind: 'unsupported-media-type',
        detail: 'Unknown CloudEvents format. Send application/cloudevents+json or application/cloudevents-batch+json.',
      })
  }
}

/** Returns true for the content type of one event in the JSON format, in UTF-8. */
export function isStructuredEvent(contentType: string): boolean {
  const { mediaType, parameters } = readContentType(contentType)
  return mediaType === 'application/cloudevents+json' && isUtf8Charset(parameters)
}

function readContentType(contentType: string): { readonly mediaType: string; readonly parameters: readonly string[] } {
  const [mediaType = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  return { mediaType, parameters }
}

function isUtf8Charset(parameters: readonly string[]): boolean {
  return parameters.every((parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter))
}

// ---- binary: attributes in ce- headers

function decodeBinary(request: HttpEventsRequest, contentType: string | null, limits: HttpBindingLimits, now: () => Date): Decoded {
  if (request.headers['ce-specversion'] === undefined) {
    return failed({
      kind: 'unsupported-media-type',
      detail:
        'The request is not a CloudEvent. Send application/cloudevents+json, application/cloudevents-batch+json, or the binary mode: `ce-` headers, ce-specversion among them, and the data as body.',
    })
  }
  const problems: EventProblem[] = []
  const attributes: Record<string, string> = Object.create(null) // `__proto__` and the like are ordinary names here
  for (const [header, given] of Object.entries(request.headers)) {
    if (!header.startsWith('ce-') || given === undefined) continue
    const name = header.slice(3)
    const value = decodeHeader(given)
    if (value.ok) attributes[name] = value.value
    else problems.push({ attribute: name.slice(0, 64), detail: value.error })
  }
  if (contentType !== null) attributes.datacontenttype = contentType
  const checked = checkEvent({ attributes, data: bodyData(request.body, contentType), origin: 'bytes' }, limits, now)
  if (!checked.ok)
    return failed(
      checked.error.kind === 'invalid-event'
        ? { kind: 'invalid-event', problems: mergeProblems(problems, checked.error.problems, request) }
        : checked.error,
    )
  return problems.length > 0 ? failed({ kind: 'invalid-event', problems }) : ok({ events: [checked.value], isBatch: false })
}

/**
 * Returns the data of a body. An empty body is empty data if 0 bytes are valid for the content type. Without a content type, and with a JSON
 * one, it means no data: SDKs send `Content-Type: application/json` with an event without data.
 */
function bodyData(body: Buffer, contentType: string | null): Buffer | null {
  return body.length === 0 && dataShape(contentType) === 'json' ? null : body
}

/**
 * Reads the value of a `ce-` header (HTTP binding, section 3.1.3.2), whose bytes node:http reads as Latin-1. UTF-8 that was not encoded is
 * accepted. So is a percent sign without two hexadecimal digits, which senders in Go, Java and JavaScript do not encode. A value may be in
 * double quotes.
 * @returns the error is a sentence that follows the attribute's name
 */
function decodeHeader(given: string | readonly string[]): Result<string, string> {
  if (typeof given !== 'string') return failed('is in more than one header. Send one.')
  const bytes = Buffer.from(given, 'latin1')
  if (!isUtf8(bytes)) return failed('is not UTF-8. Send its UTF-8 bytes percent-encoded (HTTP binding, section 3.1.3.2).')
  const text = bytes.toString()
  const unquoted = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
  if (!unquoted.includes('%')) return ok(unquoted)
  try {
    return ok(unquoted.replace(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent))
  } catch {
    // URIError: the bytes of such a sequence are not UTF-8.
    return failed(
      'is percent-encoded, but the encoded bytes are not UTF-8 (HTTP binding, section 3.1.3.2). Send a percent sign of the value as %25.',
    )
  }
}

/** Puts problems of headers before those of attributes. Drops problems of attributes whose header could not be read. */
function mergeProblems(
  ofHeaders: readonly EventProblem[],
  ofAttributes: readonly EventProblem[],
  { headers }: HttpEventsRequest,
): readonly EventProblem[] {
  const unread = new Set(ofHeaders.map(({ attribute }) => attribute))
  const others = ofAttributes
    .filter(({ attribute }) => !unread.has(attribute))
    .map((problem) => {
      const wasDecoded = problem.attribute !== null && String(headers[`ce-${problem.attribute}`]).includes('%')
      return wasDecoded
        ? {
            ...problem,
            detail: `${problem.detail} The header was percent-decoded: send a percent sign as %25, or use the structured mode.`,
          }
        : problem
    })
  return [...ofHeaders, ...others]
}

// ---- structured and batched: JSON

function decodeStructured(body: Buffer, limits: HttpBindingLimits, now: () => Date): Decoded {
  const parsed = parseBody(body)
  if (!parsed.ok) return parsed
  if (repeatsMember(body, parsed.value, 'audience')) return failed({ kind: 'invalid-event', problems: [repeatedMember] })
  const checked = checkStructured(parsed.value, limits, now)
  return checked.ok ? ok({ events: [checked.value], isBatch: false }) : checked
}

function decodeBatch(body: Buffer, limits: HttpBindingLimits, now: () => Date): Decoded {
  const parsed = parseBody(body)
  if (!parsed.ok) return parsed
  const values = parsed.value
  if (!Array.isArray(values)) return failed({ kind: 'invalid-batch', detail: 'The batch must be a JSON array of events.', events: [] })
  if (values.length > limits.maxBatch)
    return failed({
      kind: 'batch-too-large',
      detail: `The batch has ${values.length} events. At most ${limits.maxBatch} are allowed (EMIT_MAX_BATCH).`,
    })
  if (repeatsMember(body, values, 'audience')) return failed({ kind: 'invalid-batch', detail: repeatedMember.detail, events: [] })
  const checked = values.map((value: unknown) => checkStructured(value, limits, now))
  const tooLarge = checked.findIndex((one) => !one.ok && one.error.kind === 'event-too-large')
  if (tooLarge >= 0)
    return failed({
      kind: 'event-too-large',
      detail: `Event ${tooLarge} of the batch has more than ${limits.maxEventBytes} bytes of data (MAX_EVENT_BYTES).`,
    })
  const wrong = checked.flatMap((one, index) =>
    !one.ok && one.error.kind === 'invalid-event' ? [{ index, problems: one.error.problems }] : [],
  )
  if (wrong.length > 0)
    return failed({
      kind: 'invalid-batch',
      detail: `${wrong.length} of ${values.length} events break a rule. None was accepted.`,
      events: wrong,
    })
  return ok({ events: checked.flatMap((one) => (one.ok ? [one.value] : [])), isBatch: true })
}

const repeatedMember: EventProblem = {
  attribute: null,
  detail: 'An event or its audience has a member twice. Only one of the two would count.',
}

function checkStructured(value: unknown, limits: HttpBindingLimits, now: () => Date): Result<CloudEvent, EventFailure> {
  const raw = readStructuredEvent(value)
  return raw.ok ? checkEvent(raw.value, limits, now) : failed({ kind: 'invalid-event', problems: raw.error })
}
