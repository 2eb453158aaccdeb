import type { Audience } from '../../audience/audience.ts'
import type { DraftProblems } from './draft-problems.ts'
import type { EmitRequest } from './emit-request.ts'
import { parseJson } from './json-error.ts'

/** The fields of the form for a whole CloudEvent, beside those that both forms have. */
export interface EventForm {
  readonly source: string
  readonly subject: string
  readonly partitionKey: string
  readonly contentType: string
  /** A JSON object; empty: none. */
  readonly extensions: string
  readonly dataKind: 'json' | 'text' | 'base64' | 'none'
  /** The content mode of the HTTP protocol binding. */
  readonly mode: 'structured' | 'binary'
  readonly payload: string
}

/** The content of an event, checked. */
export interface EventContent {
  /** All attributes but id, type and audience. */
  readonly attributes: Readonly<Record<string, ExtensionValue>>
  readonly mode: EventForm['mode']
  readonly data: EventData
}

type ExtensionValue = string | number | boolean
type EventData =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text' | 'base64'; readonly text: string }
  | { readonly kind: 'none' }

export type ReadEventForm = { readonly ok: true; readonly event: EventContent } | { readonly ok: false; readonly problems: DraftProblems }

export function readEventForm(form: EventForm): ReadEventForm {
  const extensions = readExtensions(form.extensions)
  const data = readData(form)
  const problems: DraftProblems = {
    ...(form.source.trim() === '' ? { source: 'Give the event a source: a URI, such as /orders.' } : {}),
    ...('problem' in data ? { payload: data.problem } : {}),
    ...('problem' in extensions ? { extensions: extensions.problem } : {}),
  }
  if ('problem' in data || 'problem' in extensions || Object.keys(problems).length > 0) return { ok: false, problems }
  const optional = { subject: form.subject, partitionkey: form.partitionKey, datacontenttype: contentTypeOf(form) }
  const attributes = {
    source: form.source.trim(),
    ...Object.fromEntries(Object.entries(optional).flatMap(([name, value]) => (value.trim() === '' ? [] : [[name, value.trim()]]))),
    ...extensions.values,
  }
  return { ok: true, event: { attributes, mode: form.mode, data: data.data } }
}

const defaultContentTypes: Readonly<Record<EventForm['dataKind'], string>> = {
  json: 'application/json',
  text: 'text/plain',
  base64: 'application/octet-stream',
  none: '',
}

function contentTypeOf({ contentType, dataKind }: EventForm): string {
  return contentType.trim() === '' ? defaultContentTypes[dataKind] : contentType
}

function readData({ dataKind, payload, mode }: EventForm): { readonly data: EventData } | { readonly problem: string } {
  switch (dataKind) {
    case 'json': {
      const parsed = parseJson(payload)
      return parsed.ok ? { data: { kind: 'json', value: parsed.value } } : { problem: parsed.problem }
    }
    case 'text':
      return { data: { kind: 'text', text: payload } }
    case 'base64':
      if (mode === 'binary') return { problem: 'This page sends Base64 in structured mode only. Choose Structured.' }
      return isBase64(payload.trim())
        ? { data: { kind: 'base64', text: payload.trim() } }
        : { problem: 'This is not Base64. Its characters are A-Z, a-z, 0-9, + and /, in groups of four.' }
    case 'none':
      return { data: { kind: 'none' } }
  }
}

const isBase64 = (text: string): boolean => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)

/** Names that have a field of their own, and those that are the page's or the gateway's to set. */
const taken: ReadonlySet<string> = new Set(
  'specversion id type source subject datacontenttype partitionkey audience data data_base64 cursor'.split(' '),
)

function readExtensions(text: string): { readonly values: Readonly<Record<string, ExtensionValue>> } | { readonly problem: string } {
  if (text.trim() === '') return { values: {} }
  const parsed = parseJson(text)
  if (!parsed.ok) return { problem: parsed.problem }
  if (typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value))
    return { problem: 'Extensions are one JSON object, such as {"tenant": "a"}.' }
  const values: Record<string, ExtensionValue> = {}
  for (const [name, value] of Object.entries(parsed.value)) {
    if (taken.has(name)) return { problem: `\`${name}\` is not an extension. Use its own field.` }
    if (!/^[a-z0-9]+$/.test(name)) return { problem: `\`${name}\` is not a name: extensions have lower-case letters and digits only.` }
    if (!isExtensionValue(value)) return { problem: `\`${name}\` must be a text, an integer or a boolean.` }
    values[name] = value
  }
  return { values }
}

const isExtensionValue = (value: unknown): value is ExtensionValue =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isInteger(value)

/** Makes the request for one event. */
export function eventRequest(
  { id, type }: { readonly id: string; readonly type: string },
  audience: Audience,
  { attributes, mode, data }: EventContent,
): EmitRequest {
  const all = { specversion: '1.0', id, type, ...attributes, audience: renderAudience(audience) }
  return mode === 'structured'
    ? {
        id,
        endpoint: 'events',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify({ ...all, ...structuredData(data) }),
      }
    : { id, endpoint: 'events', headers: binaryHeaders(all), body: binaryBody(data) }
}

/** Returns the members of an audience that name recipients, as the extension `audience` has them. */
function renderAudience(audience: Audience): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(audience).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value === true))),
  )
}

function structuredData(data: EventData): object {
  switch (data.kind) {
    case 'json':
      return { data: data.value }
    case 'text':
      return { data: data.text }
    case 'base64':
      return { data_base64: data.text }
    case 'none':
      return {}
  }
}

function binaryHeaders({ datacontenttype, ...attributes }: Readonly<Record<string, ExtensionValue>>): Readonly<Record<string, string>> {
  return {
    ...(datacontenttype === undefined ? {} : { 'content-type': String(datacontenttype) }),
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeHeader(String(value))])),
  }
}

/** Encodes a value as the HTTP protocol binding asks, section 3.1.3.2: all but printable ASCII, and space, quotes and percent signs. */
const encodeHeader = (value: string): string =>
  value
    .toWellFormed()
    .replaceAll(/[^\u0021-\u007e]|["%]/gu, (character) =>
      [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )

function binaryBody(data: EventData): string | null {
  if (data.kind === 'json') return JSON.stringify(data.value)
  return data.kind === 'none' ? null : data.text
}
