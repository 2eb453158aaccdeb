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

/** null: an event whose audience names nobody. It is valid, and reaches no client. */
export type DecodeOutcome = Result<DecodedRecord | null, DecodeFailure>

export interface DecodeLimits {
  /** Largest value of a record, in bytes. */
  readonly maxEventBytes: number
  readonly maxAudienceNames: number
}

/**
 * Makes the decoder of the three forms that docs/protocol.md section 9 names. Pure but for a cache of audiences. Of a binary record
 * only the headers that routing needs are looked at; what is wrong with the rest is found when somebody is to receive it
 * (`encode-event.ts`), or by the dead letter worker, which asks both.
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
  // A structured event may have `ce_` headers, too (Kafka binding, section 3.3.3): the content type tells.
  const isStructured = contentType.value !== null && isEventFormat(contentType.value)
  if (!isStructured && headers.ce_specversion !== undefined) return decodeBinary(record, readAudience)
  if (value === null || value.length === 0) return fail('empty', 'The record has neither a value nor `ce_` headers.')
  if (contentType.value === null) return decodeJson(value, record, { declares: 'nothing', limits, readAudience })
  const mediaType = mediaTypeOf(contentType.value)
  if (mediaType === 'application/cloudevents+json') return decodeJson(value, record, { declares: 'event', limits, readAudience })
  if (mediaType === 'application/json') return decodeJson(value, record, { declares: 'json', limits, readAudience })
  return fail('content-type', noEventForm)
}

const noEventForm = 'The content type is neither application/cloudevents+json, nor are there `ce_` headers beside it.'

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

/** A header is sent once, and is UTF-8 (CloudEvents Kafka binding, section 3.2.3). */
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

/** The last text of each header that most records have in common: a comparison with it costs half as much as decoding. */
const lastTexts = new Map(['ce_specversion', 'ce_source', 'ce_type', 'content-type'].map((name) => [name, '']))
const maxKeptText = 64

/** Tells whether the bytes are this text. It can be true only for a text in ASCII. */
function isText(text: string, bytes: Buffer): boolean {
  if (text.length !== bytes.length) return false
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const byte = bytes[index] ?? 0x80
    if (byte >= 0x80 || byte !== text.charCodeAt(index)) return false
  }
  return true
}

/** The binding says `content-type`; headers of Kafka keep their case, and producers differ. */
export function contentTypeHeader(headers: RecordHeaders): string {
  if (headers['content-type'] !== undefined) return 'content-type'
  return Object.keys(headers).find((name) => headers[name] !== undefined && name.toLowerCase() === 'content-type') ?? 'content-type'
}

/** The transport's trace context, else the event's own. Its 55 characters are judged by the tracer; what is much longer is none. */
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
const tooLong = `The id may have ${maxIdLength} characters, the source ${maxSourceLength}.`

// ---- structured and legacy

interface JsonForm {
  /**
   * What the content type says. `nothing`: an event (Kafka binding, section 3), or the legacy form, which has the audience in `data`.
   * `json`: an event, if the value is one; producers with the Python SDK send this.
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
 * Finds the audience. An event may have application data with members that an audience has, too: where it has the extension, that alone
 * counts. An event that does not say what it is, and has no audience in either place, is more likely misunderstood than meant for nobody.
 */
function route(event: Readonly<Record<string, unknown>>, form: JsonForm & { readonly value: Buffer }): Result<Routed, DecodeFailure> {
  const hasExtension = event.audience !== undefined && event.audience !== null
  if (hasExtension || form.declares === 'event') return readExtension(event, form)
  const { data } = event
  if (form.declares === 'nothing' && isJsonObject(data) && isLegacyData(data)) return liftPayload(event, data, form)
  return fail(
    'bad-audience',
    'The event names no audience: neither in the extension `audience`, nor, without a content type, in `data` beside the payload.',
  )
}

const repeated = 'The event or its audience has a member twice, and only one of the two would count.'
const legacyMembers: readonly string[] = [...audienceMembers, 'payload']
const nearLegacyMember = createNearName(legacyMembers)

/** Tells whether the data have a member of an audience, or a payload beside misspelt members of an audience. */
function isLegacyData(data: Readonly<Record<string, unknown>>): boolean {
  return audienceMembers.some((member) => data[member] !== undefined) || (data.payload !== undefined && misspeltMember(data) !== null)
}

/**
 * Returns the known member that an unknown member of the data was probably meant to be; null when there is none. Other unknown members are ignored,
 * as the predecessor did. If a misspelt `roles` were ignored, the event would go to the whole organization.
 */
function misspeltMember(data: Readonly<Record<string, unknown>>): string | null {
  for (const name of unknownMembers(data, legacyMembers)) {
    const near = nearLegacyMember(name)
    if (near !== null) return near
  }
  return null
}

/** `data` is `{broadcast, users, usernames, roles, organizations, payload}`; what is delivered as `data` is the payload. */
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

/** The extension `audience`: compact JSON in a string; an object, which CloudEvents does not allow but people write, is read as well. */
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
