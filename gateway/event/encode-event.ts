import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../../program/result.ts'
import { dataShape, checkAttribute, missingAttribute, ownAttributes } from './attributes.ts'
import { contentTypeHeader, readHeader } from './decode-record.ts'
import type { DecodeFailure, DecodeFailureReason, EventContent } from './decoded-record.ts'
import { isJsonObject, onOneLine, parseJson } from './json-text.ts'
import type { LogRecord, RecordHeaders } from './log-record.ts'
import { unpackRecord } from './packed-record.ts'
import { bytesType, type ExactAttributes, exactHeader } from './record-header.ts'

/**
 * Writes an event for the wire (CloudEvents JSON format 1.0): one line of JSON without its closing brace, because the cursor is added last.
 * This checks the whole event; routing read only the part that it needed. JSON data keep their original text, so numbers are not rounded.
 */
export function encodeEvent(content: EventContent): Result<Buffer, DecodeFailure> {
  const written = write(content)
  return written.ok ? ok(Buffer.from(`{"specversion":"1.0"${written.value}`)) : written
}

function write(content: EventContent): Written {
  switch (content.kind) {
    case 'binary':
      return writeBinary(content.record)
    case 'packed':
      return writeBinary(unpackRecord(content))
    case 'parsed':
      return writeParsed(content.event)
  }
}

type Written = Result<string, DecodeFailure>
type BinaryEvent = Pick<LogRecord, 'headers' | 'value'>

// ---- from ce_ headers

function writeBinary(record: BinaryEvent): Written {
  const attributes = readAttributes(record)
  if (!attributes.ok) return attributes
  const exact = readExact(record.headers)
  if (!exact.ok) return exact
  const head = writeAttributes(exact.value === null ? attributes.value : withExact(attributes.value, exact.value))
  if (!head.ok) return head
  const data = writeBytes(record.value, attributes.value.datacontenttype ?? null)
  return data.ok ? ok(head.value + data.value) : data
}

type AttributeTexts = Readonly<Record<string, string>>

function readAttributes({ headers }: BinaryEvent): Result<AttributeTexts, DecodeFailure> {
  const attributes: Record<string, string> = Object.create(null) // `__proto__` and the like are ordinary names here
  for (const header of Object.keys(headers)) {
    if (!header.startsWith('ce_')) continue
    const name = header.slice(3)
    if (ownAttributes.has(name)) continue
    const read = readHeader(headers, header)
    if (!read.ok) return read
    if (read.value !== null) attributes[name] = read.value
  }
  const contentType = readHeader(headers, contentTypeHeader(headers))
  if (!contentType.ok) return contentType
  if (contentType.value !== null) attributes.datacontenttype = contentType.value
  return ok(attributes)
}

/** Reads the note that a gateway writes where `ce_` headers lose a type; null: none. */
function readExact(headers: RecordHeaders): Result<ExactAttributes | null, DecodeFailure> {
  if (headers[exactHeader] === undefined) return ok(null)
  const text = readHeader(headers, exactHeader)
  if (!text.ok) return text
  const parsed = parseJson(Buffer.from(text.value ?? ''))
  if (!parsed.ok || !isJsonObject(parsed.value)) return fail('bad-attribute', `The header ${exactHeader} must be a JSON object.`)
  return ok(parsed.value as ExactAttributes) // its values are compared with texts before use, and checked like any attribute
}

/** Gives attributes their types back. Ignores a note that no longer fits its header, because another program changed the header. */
function withExact(texts: AttributeTexts, exact: ExactAttributes): Readonly<Record<string, unknown>> {
  const attributes: Record<string, unknown> = Object.assign(Object.create(null), texts)
  for (const [name, value] of Object.entries(exact)) {
    if (name === 'datacontenttype') attributes[name] = texts.datacontenttype === bytesType ? value : texts.datacontenttype
    else if ((typeof value === 'number' || typeof value === 'boolean') && texts[name] === String(value)) attributes[name] = value
  }
  return attributes
}

/**
 * Writes the member that holds the bytes. Bytes without a content type are JSON if they parse as JSON. SDKs write a value of 0 bytes for an
 * event without data, so such a value means no data, unless the content type is not JSON.
 */
function writeBytes(value: Buffer | null, datacontenttype: string | null): Written {
  if (value === null) return ok('')
  switch (dataShape(datacontenttype)) {
    case 'json': {
      if (value.length === 0) return ok('')
      const parsed = parseJson(value)
      if (parsed.ok) return ok(`,"data":${onOneLine(value.toString()).trim()}`)
      if (datacontenttype === null) return ok(base64(value))
      return fail(
        parsed.error.reason === 'not-json' ? 'bad-data' : parsed.error.reason,
        `The data do not match the content type. ${parsed.error.detail}`,
      )
    }
    case 'text':
      return ok(isUtf8(value) ? `,"data":${JSON.stringify(value.toString())}` : base64(value))
    case 'binary':
      return ok(base64(value))
  }
}

const base64 = (value: Buffer): string => `,"data_base64":"${value.toString('base64')}"`

// ---- from JSON

function writeParsed(event: Readonly<Record<string, unknown>>): Written {
  const head = writeAttributes(event)
  if (!head.ok) return head
  const { data, data_base64: encoded } = event
  if (data !== undefined && encoded !== undefined && encoded !== null)
    return fail('bad-data', 'The event has both data and data_base64. It may have one.')
  if (encoded !== undefined && encoded !== null) return writeEncoded(head.value, encoded)
  return ok(data === undefined ? head.value : `${head.value},"data":${JSON.stringify(data)}`)
}

function writeEncoded(head: string, encoded: unknown): Written {
  const isBase64 = typeof encoded === 'string' && encoded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(encoded)
  return isBase64 ? ok(`${head},"data_base64":"${encoded}"`) : fail('bad-data', 'data_base64 must be a base64 string.')
}

// ---- both

/** Writes `,"name":value` for each attribute, as given. Leaves out null attributes and those that the gateway writes. */
function writeAttributes(attributes: Readonly<Record<string, unknown>>): Written {
  const missing = missingAttribute(attributes)
  if (missing !== null) return fail('not-an-event', `The attribute ${missing} is missing.`)
  let text = ''
  for (const [name, value] of Object.entries(attributes)) {
    if (ownAttributes.has(name) || value === null || value === undefined) continue
    const wrong = checkAttribute(name, value)
    if (wrong !== null) return fail('bad-attribute', `The attribute ${JSON.stringify(name.slice(0, 64))} must ${wrong}.`)
    text += `,"${name}":${JSON.stringify(value)}`
  }
  return ok(text)
}

const fail = (reason: DecodeFailureReason, detail: string) => failed<DecodeFailure>({ reason, detail })
