import type { Audience } from '../audience/audience.ts'
import type { Principal } from '../audience/principal.ts'
import type { LogRecord, RecordHeaders } from '../event/log-record.ts'
import type { Admitted } from '../session/handshake.ts'

/** Valid objects of the core, of which a test sets only the members that matter to it. */

/** Ann, a user of one organization, without roles, whose token does not end. */
export const aPrincipal = (over: Partial<Principal> = {}): Principal => ({
  userId: 'ann-id',
  username: 'ann',
  organizationId: 'acme',
  accountNumber: null,
  roles: [],
  expiresAtMs: null,
  issuedAtMs: null,
  tokenId: null,
  ...over,
})

/** Ann, admitted as a plain client. */
export const anAdmission = (): Admitted => ({
  kind: 'admitted',
  principal: aPrincipal(),
  resume: { kind: 'plain' },
  cursors: 'full',
  filter: null,
  ticket: null,
})

/** An audience of only the principals that the test names. */
export const anAudience = (over: Partial<Audience> = {}): Audience => ({
  broadcast: false,
  users: [],
  usernames: [],
  organizations: [],
  roles: [],
  ...over,
})

/** An empty record at the beginning of partition 0. */
export const aLogRecord = (over: Partial<LogRecord> = {}): LogRecord => ({
  partition: 0,
  offset: 0,
  timestampMs: Date.UTC(2026, 0, 31, 12),
  key: null,
  value: null,
  headers: {},
  ...over,
})

/** An event to put into a record. Undefined members are left out. Invalid ones are written unchanged. */
export interface EventInRecord {
  /** @default 'event-1' */
  readonly id?: string
  /** @default 'urn:test:source' */
  readonly source?: string
  /** @default 'com.example.event' */
  readonly type?: string
  /** Audience as JSON, with exactly the given members; null leaves it out. @default broadcast */
  readonly audience?: Partial<Audience> | null
  /** A Buffer is written unchanged, all else as JSON; undefined: no data. @default { hello: 'world' } */
  readonly data?: unknown
  /** @default 'application/json' */
  readonly datacontenttype?: string | undefined
  /** Further attributes and extensions: `time`, `subject`, `traceparent`. */
  readonly attributes?: Readonly<Record<string, string>>
  /** Further headers of the record, or other values for those of the event. */
  readonly headers?: Readonly<Record<string, string | Buffer | readonly Buffer[] | undefined>>
  /** Place of the record in the log, and its key. */
  readonly at?: Partial<Pick<LogRecord, 'partition' | 'offset' | 'timestampMs' | 'key'>>
}

/**
 * Returns a record in the CloudEvents binary mode: attributes in `ce_` headers, the audience as JSON in `ce_audience`, data in the value.
 */
export function aBinaryRecord(event: EventInRecord = {}): LogRecord {
  const { id, source, type, audience, data, datacontenttype, attributes, headers, at } = complete(event)
  const prefixed = Object.fromEntries(Object.entries({ id, source, type, ...attributes }).map(([name, value]) => [`ce_${name}`, value]))
  const value = data === undefined ? null : Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data))
  const ownHeaders = {
    ce_specversion: '1.0',
    ...prefixed,
    ce_audience: audience === null ? undefined : JSON.stringify(audience),
    'content-type': datacontenttype,
  }
  return aLogRecord({ ...at, value, headers: toHeaders({ ...ownHeaders, ...headers }) })
}

/**
 * Returns a record in the CloudEvents structured mode: the whole event in the value, the audience as the extension `audience`, a string of
 * JSON.
 */
export function aStructuredRecord(event: EventInRecord = {}): LogRecord {
  const { id, source, type, audience, data, datacontenttype, attributes, headers, at } = complete(event)
  const json = {
    specversion: '1.0',
    id,
    source,
    type,
    datacontenttype,
    ...attributes,
    audience: audience === null ? undefined : JSON.stringify(audience),
    ...dataMember(data),
  }
  return aLogRecord({
    ...at,
    value: Buffer.from(JSON.stringify(json)),
    headers: toHeaders({ 'content-type': 'application/cloudevents+json; charset=utf-8', ...headers }),
  })
}

/**
 * Returns a record in the form that chrome-service-backend reads: no content type, audience and payload side by side in `data`, specversion
 * 1.0.2.
 */
export function aLegacyRecord(event: EventInRecord = {}): LogRecord {
  const { id, source, type, audience, data, datacontenttype, attributes, headers, at } = complete(event)
  const json = {
    specversion: '1.0.2',
    id,
    source,
    type,
    datacontenttype,
    ...attributes,
    data: { ...(isNobody(audience) ? { users: [] } : audience), payload: data },
  }
  return aLogRecord({ ...at, value: Buffer.from(JSON.stringify(json)), headers: toHeaders(headers) })
}

/** Without any member of an audience, a legacy record is not an event. */
const isNobody = (audience: object | null): boolean => audience !== null && Object.keys(audience).length === 0

/** All three forms, for tests of their common behaviour. */
export const recordForms = [
  { form: 'binary', aRecord: aBinaryRecord },
  { form: 'structured', aRecord: aStructuredRecord },
  { form: 'legacy', aRecord: aLegacyRecord },
] as const

/** A member that is given as undefined stays undefined: it is left out of the record. */
const complete = (event: EventInRecord) => ({
  id: 'event-1',
  source: 'urn:test:source',
  type: 'com.example.event',
  audience: { broadcast: true },
  data: { hello: 'world' } as unknown,
  datacontenttype: 'application/json' as string | undefined,
  attributes: {},
  headers: {},
  at: {},
  ...event,
})

/** The JSON format has bytes in `data_base64`. */
const dataMember = (data: unknown): object => (Buffer.isBuffer(data) ? { data_base64: data.toString('base64') } : { data })

function toHeaders(headers: Readonly<Record<string, string | Buffer | readonly Buffer[] | undefined>>): RecordHeaders {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === 'string' ? Buffer.from(value) : value] as const],
  )
  return Object.fromEntries(given)
}
