import type { Audience } from '../audience/audience.ts'
import { createAudienceReader } from '../audience/audience-reader.ts'
import { createNearName, unknownMembers } from '../audience/near-name.ts'
import { audienceMembers, parseAudience, parseWholeAudience } from '../audience/parse-audience.ts'
import { repeatsMember } from '../audience/repeated-members.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { isEventFormat, isSpecVersion, maxIdLength, maxSourceLength, mediaTypeOf, missingAttribute } from './attributes.ts'
import type { DecodedRecord, DecodeFailure, DecodeFailureReason } from './decoded-record.ts'
import { isJsonObject, parseJson } from './json-text.ts'
import type { LogRecord, RecordHeaders } from './log-record.ts'
import { maxHeaderBytes } from './record-header.ts'

/** null: an event without recipients. It is valid, and reaches no client. */
export type DecodeOutcome = Result<DecodedRecord | null, DecodeFailure>

export interface DecodeLimits {
  /** Largest value of a record, in bytes. */
  readonly maxEventBytes: number
  readonly maxAudienceNames: number
}

/**
 * Makes the decoder of the three forms of docs/protocol.md section 9. Pure but for a cache of audiences. It reads only the headers of a
 * binary record that routing needs. Problems of the rest are found when a session first needs the event (`encode-event.ts`), or by the dead
 * letter worker, which runs both.
 */
export function createRecordDecoder(limits: DecodeLimits): (record: LogRecord) => DecodeOutcome {
  const readAudience = createAudienceReader(limits)
  return (record) => decode(record, limits, readAudience)
}

type AudienceReader = ReturnType<typeof createAudienceReader>

function decode(record: LogRecord, limits: DecodeLimits, readAudience: AudienceReader): DecodeOutcome {
  const { headers, value } = record
  if (headers.carillon_dlq_reason !== undefined) return fail('dead-letter', 'The record is a copy that a dead letter worker made.')
  if ((value?.length ?? 0) > limits.maxEventBytes) return fail('too-large', `The record is larger than ${limits.maxEventBytes} bytes.`)
  const contentType = readHeader(headers, contentTypeHeader(headers))
  if (!contentType.ok) return contentType
  // A structured event may have `ce_` headers, too (Kafka binding, section 3.3.3). The content type decides.
  const isStructured = contentType.value !== null && isEventFormat(contentType.value)
  if (!isStructured && headers.ce_specversion !== undefined) return decodeBinary(record, readAudience)
  if (value === null || value.length === 0) return fail('empty', 'The record has neither a value nor `ce_` headers.')
  if (contentType.value === null) return decodeJson(value, record, { declares: 'nothing', limits, readAudience })
  const mediaType = mediaTypeOf(contentType.value)
  if (mediaType === 'application/cloudevents+json') return decodeJson(value, record, { declares: 'event', limits, readAudience })
  if (mediaType === 'application/json') return decodeJson(value, record, { declares: 'json', limits, readAudience })
  return fail('content-type', noEventForm)
}

const noEventForm = 'The record is not a CloudEvent: its content type is not application/cloudevents+json, and it has no `ce_` headers.'

// ---- binary

function decodeBinary(record: LogRecord, readAudience: AudienceReader): DecodeOutcome {
  const { headers } = record
  const specversion = readHeader(headers, 'ce_specversion')
  if (!specversion.ok) return specversion
  if (!isSpecVersion(specversion.value)) return fail('specversion', 'The specversion must be 1.0.')
  const id = readRequired(headers, 'ce_id')
  if (!id.ok) return id
  const source = readRequired(headers, 'ce_source')
  if (!source.ok) return source
  const type = readRequired(headers, 'ce_type')
  if (!type.ok) return type
  if (isTooLong(id.value, source.value)) return fail('bad-attribute', tooLong)
  if (headerBytes(headers) > maxHeaderBytes) return fail('too-large', `The headers have more than ${maxHeaderBytes} bytes.`)
  const audienceText = readHeader(headers, 'ce_audience')
  if (!audienceText.ok) return audienceText
  if (audienceText.value === null) return ok(null)
  const audience = readAudience(audienceText.value)
  if (!audience.ok) return fail('bad-audience', audience.error)
  if (audience.value === null) return ok(null)
  return ok({
    id: id.value,
    source: source.value,
    audience: audience.value,
    traceparent: traceparentOf(headers, null),
    content: { kind: 'binary', record },
  })
}

function readRequired(headers: RecordHeaders, name: string): Result<string, DecodeFailure> {
  const read = readHeader(headers, name)
  if (!read.ok) return read
  return read.value === null || read.value === '' ? fail('not-an-event', `The header ${name} is missing or empty.`) : ok(read.value)
}

/** Reads a header. It must be sent once, and be UTF-8 (CloudEvents Kafka binding, section 3.2.3). */
export function readHeader(headers: RecordHeaders, name: string): Result<string | null, DecodeFailure> {
  const value = headers[name]
  if (value === undefined || value === null) return ok(null)
  if (!(value instanceof Buffer)) return fail('bad-attribute', `The header ${name} was sent more than once.`)
  const before = lastTexts.get(name)
  if (before !== undefined && isText(before, value)) return ok(before)
  const text = value.toString()
  if (before !== undefined && text.length <= maxKeptText) lastTexts.set(name, text)
  return text.includes('\ufffd') && !Buffer.from(text).equals(value) ? fail('invalid-utf8', `The header ${name} is not UTF-8.`) : ok(text)
}

/** The last text of headers that most records share. A comparison with it costs half as much as decoding. */
const lastTexts = new Map(['ce_specversion', 'ce_source', 'ce_type', 'content-type'].map((name) => [name, '']))
const maxKeptText = 64

/** Returns true if the bytes are this text, which must be ASCII. */
function isText(text: string, bytes: Buffer): boolean {
  if (text.length !== bytes.length) return false
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const byte = bytes[index] ?? 0x80
    if (byte >= 0x80 || byte !== text.charCodeAt(index)) return false
  }
  return true
}

/** Returns the name of the content type header. The binding writes `content-type`, but Kafka keeps case and producers differ. */
export function contentTypeHeader(headers: RecordHeaders): string {
  if (headers['content-type'] !== undefined) return 'content-type'
  return Object.keys(headers).find((name) => headers[name] !== undefined && name.toLowerCase() === 'content-type') ?? 'content-type'
}

/** Returns the transport's trace context, else the event's own. The tracer checks its form; a text that is much longer is ignored. */
function traceparentOf(headers: RecordHeaders, own: unknown): string | null {
  const header = headers.traceparent ?? headers.ce_traceparent
  const text = header instanceof Buffer && header.length <= 128 ? header.toString('latin1') : own
  return typeof text === 'string' && text.length <= 128 ? text : null
}

function headerBytes(headers: RecordHeaders): number {
  let bytes = 0
  for (const name in headers) {
    const value = headers[name]
    if (value instanceof Buffer) bytes += value.length
  }
  return bytes
}

const isTooLong = (id: string, source: string): boolean => id.length > maxIdLength || source.length > maxSourceLength
const tooLong = `The id or the source is too long. The id may have ${maxIdLength} characters, the source ${maxSourceLength}.`

// ---- structured and legacy

interface JsonForm {
  /**
   * The meaning of the content type. `nothing`: an event (Kafka binding, section 3), or the legacy form, which has the audience in `data`.
   * `json`: an event, if the value is one. Producers with the Python SDK send this.
   */
  readonly declares: 'event' | 'json' | 'nothing'
  readonly limits: DecodeLimits
  readonly readAudience: AudienceReader
}

function decodeJson(value: Buffer, record: LogRecord, form: JsonForm): DecodeOutcome {
  const parsed = parseJson(value)
  if (form.declares === 'json' && !(parsed.ok && isJsonObject(parsed.value) && parsed.value.specversion !== undefined))
    return fail('content-type', noEventForm)
  if (!parsed.ok) return parsed
  const event = parsed.value
  if (!isJsonObject(event)) return fail('not-an-event', 'The value is JSON, but not an object.')
  if (event.specversion === undefined) return fail('not-an-event', 'The attribute specversion is missing.')
  if (!isSpecVersion(event.specversion)) return fail('specversion', 'The specversion must be 1.0.')
  const missing = missingAttribute(event)
  if (missing !== null) return fail('not-an-event', `The attribute ${missing} is missing.`)
  const { id, source } = event
  if (typeof id !== 'string' || typeof source !== 'string' || id === '' || source === '')
    return fail('not-an-event', 'The attributes id and source must be non-empty strings.')
  if (isTooLong(id, source)) return fail('bad-attribute', tooLong)
  const routed = route(event, { ...form, value })
  if (!routed.ok) return routed
  const { audience, content } = routed.value
  if (audience === null) return ok(null)
  return ok({
    id,
    source,
    audience,
    traceparent: traceparentOf(record.headers, event.traceparent),
    content: { kind: 'parsed', event: content, bytes: value.length },
  })
}

interface Routed {
  readonly audience: Audience | null
  readonly content: Readonly<Record<string, unknown>>
}

/**
 * Finds the audience. Application data may have members with the names of an audience's members, so the extension alone counts if it is
 * present. An event of unknown form without an audience in either place is more likely a mistake than an event without recipients.
 */
function route(event: Readonly<Record<string, unknown>>, form: JsonForm & { readonly value: Buffer }): Result<Routed, DecodeFailure> {
  const hasExtension = event.audience !== undefined && event.audience !== null
  if (hasExtension || form.declares === 'event') return readExtension(event, form)
  const { data } = event
  if (form.declares === 'nothing' && isJsonObject(data) && isLegacyData(data)) return liftPayload(event, data, form)
  return fail(
    'bad-audience',
    'The event has no audience. Set the extension `audience`, or, without a content type, its members in `data` beside the payload.',
  )
}

const repeated = 'The event or its audience has a member twice. Only one of the two would count.'
const legacyMembers: readonly string[] = [...audienceMembers, 'payload']
const nearLegacyMember = createNearName(legacyMembers)

/** Returns true if the data have a member of an audience, or a payload beside misspelt members of an audience. */
function isLegacyData(data: Readonly<Record<string, unknown>>): boolean {
  return audienceMembers.some((member) => data[member] !== undefined) || (data.payload !== undefined && misspeltMember(data) !== null)
}

/**
 * Returns the known member that an unknown member of the data was probably meant to be; null: none. Other unknown members are ignored, as the
 * predecessor did. Ignoring a misspelt `roles` would send the event to the whole organization.
 */
function misspeltMember(data: Readonly<Record<string, unknown>>): string | null {
  for (const name of unknownMembers(data, legacyMembers)) {
    const near = nearLegacyMember(name)
    if (near !== null) return near
  }
  return null
}

/** Reads `data` of the form `{broadcast, users, usernames, roles, organizations, payload}`. The payload is delivered as `data`. */
function liftPayload(
  event: Readonly<Record<string, unknown>>,
  data: Readonly<Record<string, unknown>>,
  { limits, value }: Pick<JsonForm, 'limits'> & { readonly value: Buffer },
): Result<Routed, DecodeFailure> {
  const misspelt = misspeltMember(data)
  if (misspelt !== null) return fail('misspelt-member', `A member of \`data\` looks like a misspelt \`${misspelt}\`.`)
  if (repeatsMember(value, event, 'data')) return fail('misspelt-member', repeated)
  const { data: _lifted, ...attributes } = event
  const audience = parseAudience(data, limits)
  if (!audience.ok) return fail('bad-audience', audience.error)
  const content = data.payload === undefined ? attributes : { ...attributes, data: data.payload }
  return ok({ audience: audience.value, content })
}

/** Reads the extension `audience`: compact JSON in a string, or an object, which CloudEvents does not allow but people write. */
function readExtension(
  event: Readonly<Record<string, unknown>>,
  form: JsonForm & { readonly value: Buffer },
): Result<Routed, DecodeFailure> {
  if (event.audience === undefined || event.audience === null) return ok({ audience: null, content: event })
  if (repeatsMember(form.value, event, 'audience')) return fail('bad-audience', repeated)
  const audience = typeof event.audience === 'string' ? form.readAudience(event.audience) : parseWholeAudience(event.audience, form.limits)
  return audience.ok ? ok({ audience: audience.value, content: event }) : fail('bad-audience', audience.error)
}

const fail = (reason: DecodeFailureReason, detail: string) => failed<DecodeFailure>({ reason, detail })
