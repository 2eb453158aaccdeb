import { type ProblemType, problems } from '../../request/problem.ts'

/** A named example of OpenAPI 3.1. */
export interface Example {
  readonly summary: string
  readonly value: unknown
}

type Examples = Readonly<Record<string, Example>>

const order = { order: 17, by: 'bike' }
const shipped = { specversion: '1.0', source: '/orders', type: 'com.example.order.shipped' }

/** Bodies that a gateway accepts without a change. A test sends each of them. */
export const emitMessageExamples: Examples = {
  users: {
    summary: 'To some users',
    value: { id: 'order-17-shipped', type: 'order.shipped', users: ['ann', 'bob'], payload: order },
  },
  broadcast: {
    summary: 'To everyone on the channel',
    value: { type: 'notifications.drawer', broadcast: true, payload: { title: 'Maintenance at noon' } },
  },
  roles: {
    summary: 'To the users of an organization who have one of the roles',
    value: { type: 'order.late', organizations: ['o1'], roles: ['dispatcher', 'admin'], payload: order },
  },
}

export const cloudEventExamples: Examples = {
  object: {
    summary: 'With the audience as an object',
    value: { ...shipped, id: '4712', time: '2026-01-31T12:00:00Z', partitionkey: 'order-17', audience: { users: ['ann'] }, data: order },
  },
  string: {
    summary: 'With the audience as a string of JSON, as SDKs send it',
    value: { ...shipped, id: '4713', datacontenttype: 'application/json', audience: '{"organizations":["o1"]}', data: order },
  },
  bytes: {
    summary: 'With bytes as data',
    value: { ...shipped, id: '4714', datacontenttype: 'image/png', audience: { broadcast: true }, data_base64: 'iVBORw0KGgo=' },
  },
}

export const batchExamples: Examples = {
  two: {
    summary: 'Two events, which are accepted together or not at all',
    value: [
      { ...shipped, id: '4715', audience: { users: ['ann'] }, data: { order: 17 } },
      { ...shipped, id: '4716', audience: { users: ['bob'] }, data: { order: 18 } },
    ],
  },
  empty: { summary: 'No event', value: [] },
}

/** Data of the binary mode, whose attributes are in the headers. */
export const binaryExamples: Examples = { data: { summary: 'The data of the event', value: order } }

/** Headers of the binary mode, by name. */
export const binaryHeaders = {
  'ce-specversion': { description: 'Binary mode: `1.0`.', example: '1.0' },
  'ce-id': { description: 'Binary mode: unique per source.', example: '4711' },
  'ce-source': { description: 'Binary mode: a URI reference.', example: '/orders' },
  'ce-type': { description: 'Binary mode: the kind of the event.', example: 'com.example.order.shipped' },
  'ce-audience': { description: 'Binary mode: the audience as JSON.', example: '{"users":["ann"]}' },
} as const

const reference = { id: '4712', source: '/orders' }

export const acceptedExamples: Examples = {
  accepted: { summary: 'The answer to a message', value: { id: 'order-17-shipped', source: 'urn:carillon:emit-message' } },
}

export const acceptedEventsExamples: Examples = {
  event: { summary: 'The answer to one event', value: reference },
  batch: { summary: 'The answer to a batch', value: { events: [reference, { id: '4713', source: '/orders' }] } },
}

export const revocationExamples: Examples = {
  users: { summary: 'All tokens of two users that were issued until now', value: { users: ['ann', 'bob'] } },
  organization: {
    summary: 'All tokens of an organization that were issued before a time',
    value: { organization: 'o1', issuedBefore: '2026-01-31T12:00:00Z' },
  },
  tokens: { summary: 'One token, by its `jti`', value: { tokenIds: ['b3a2d6c8-0d0f-4a53-9d5f-0c1f5a7f9f11'] } },
}

export const revokedExamples: Examples = {
  users: {
    summary: 'The answer for a user',
    value: {
      revocations: [{ subject: 'user:ann', issuedBefore: '2026-01-31T12:00:00.000Z', until: '2026-03-02T12:00:05.000Z' }],
    },
  },
}

export const streamExamples: Examples = {
  resumed: {
    summary: 'The start of a stream, and one event',
    value: [
      ': connected',
      'retry: 2524',
      'id: AbhkVr0L9dCTCAAAAAAAAAAAlpcjfg',
      'data: {"specversion":"1.0","id":"order-17-shipped","source":"urn:carillon:emit-message","type":"order.shipped","datacontenttype":"application/json","data":{"order":17,"by":"bike"},"cursor":"AbhkVr0L9dCTCAAAAAAAAAAAlpcjfg"}',
      '',
      '',
    ].join('\n'),
  },
}

export const frameExamples: Examples = {
  subscribe: {
    summary: 'Other filters',
    value: {
      specversion: '1.0',
      id: '1',
      source: '/page',
      type: 'dev.carillon.subscribe',
      data: { filters: [{ prefix: { type: 'com.example.order.' } }] },
    },
  },
  everything: {
    summary: 'No filter any more',
    value: { specversion: '1.0', id: '2', source: '/page', type: 'dev.carillon.subscribe', data: { filters: [] } },
  },
}

const controlEvent = { specversion: '1.0', source: 'urn:carillon:channel:chrome-service', datacontenttype: 'application/json' }

export const frameAnswerExamples: Examples = {
  subscribed: {
    summary: 'The filters hold from the cursor on',
    value: {
      ...controlEvent,
      id: '5c0e7e0a-8d0f-4b58-9a58-1f3d0f4c2b11-7',
      type: 'dev.carillon.subscribed',
      data: { id: '1' },
      heartbeatms: 25_000,
      cursor: 'AcIxyqHyuMBlAQBLVBVk',
    },
  },
  nack: {
    summary: 'A refusal',
    value: {
      ...controlEvent,
      id: '5c0e7e0a-8d0f-4b58-9a58-1f3d0f4c2b11-8',
      type: 'dev.carillon.nack',
      data: {
        id: '2',
        type: 'urn:carillon:problem:bad-filters',
        detail: 'filters[0]: unknown dialect "regex"; the dialects are exact, prefix, suffix, all, any, not, sql.',
      },
    },
  },
}

export const claimsExamples: Examples = {
  administrator: {
    summary: 'A user with a role in an organization',
    value: { user_id: 'u1', username: 'ada', org_id: 'o1', roles: ['admin'] },
  },
  smallest: { summary: 'A user, and nothing else', value: { user_id: 'u2' } },
}

export const tokenExamples: Examples = {
  token: { summary: 'A token', value: { token: 'eyJhbGciOiJFUzI1NiJ9.eyJ1c2VyX2lkIjoidTEifQ.c2lnbmF0dXJl' } },
}

export const healthExamples: Examples = { ok: { summary: 'The process answers', value: { status: 'ok' } } }

export const documentExamples: Examples = {
  document: { summary: 'The beginning of the document', value: { openapi: '3.1.0', info: { title: 'Carillon: channel chrome-service' } } },
}

/** What a gateway with default options says in a frequent case of each problem, with the members that the problem has beside `detail`. */
const details: Readonly<Record<ProblemType, string | { readonly detail: string; readonly [member: string]: unknown }>> = {
  'bad-request': 'The Host header is missing. HTTP/1.1 needs one.',
  'not-json': 'The body is not JSON: a value was expected at line 1, column 1.',
  'json-too-deep': 'The body is JSON that is too deep. The JSON is nested deeper than 64 levels.',
  'invalid-event': {
    detail: 'audience: roles must come with organizations, because roles alone would cross tenants.',
    errors: [{ attribute: 'audience', detail: 'roles must come with organizations, because roles alone would cross tenants.' }],
  },
  'invalid-batch': {
    detail: '1 of 2 events break a rule. None was accepted.',
    events: [{ index: 1, problems: [{ attribute: 'type', detail: 'is missing. It must be a non-empty string.' }] }],
  },
  'bad-subprotocol': {
    detail: 'The gateway supports none of the offered subprotocols. Offer cloudevents.json.',
    supported: ['cloudevents.json'],
  },
  'bad-cursor': 'The cursor is damaged. Send a cursor of this channel unchanged, or connect with ?cursor=latest.',
  'bad-filters': 'filters: not JSON. Send a JSON array as in [{"prefix":{"type":"com.example."}}], percent-encoded.',
  unauthenticated: 'The token has expired. Get a new token.',
  revoked: 'The token was revoked. Get a new token.',
  'origin-forbidden': 'The origin is not allowed. Add it to ALLOWED_ORIGINS.',
  forbidden: 'The token has no scope that allows emitting. It needs one of: carillon.emit (in `scope` or `scp`).',
  'not-found': 'Nothing is at this path. /api/chrome-service/v1/openapi.json describes what this gateway serves.',
  'unknown-channel': 'This gateway serves the channel chrome-service: /api/chrome-service/v1 and /wss/chrome-service/v1/ws.',
  'unknown-session':
    'This pod has no such session: it has ended, or another pod has it. In place of the command, connect again with ?filters= and the new token.',
  'too-many-filters':
    'Limit of distinct filters of this user reached (MAX_DISTINCT_FILTERS_PER_USER). Close a connection, or use a filter of another one.',
  'unknown-command': 'There is no such command. This gateway knows: dev.carillon.token.',
  'method-not-allowed': 'This endpoint takes POST, OPTIONS.',
  'request-timeout': 'The request did not arrive in time. Send its head and body without pauses.',
  'id-reused': 'Another event of this user has this id. Give each event an id of its own, as crypto.randomUUID() makes it.',
  'body-too-large': 'The body is larger than 1048576 bytes (EMIT_MAX_BODY_BYTES). Send fewer or smaller events at once.',
  'event-too-large': 'The event has more than 262144 bytes of data (MAX_EVENT_BYTES).',
  'batch-too-large': 'The batch has 101 events. At most 100 are allowed (EMIT_MAX_BATCH).',
  'unsupported-media-type': 'Unknown CloudEvents format. Send application/cloudevents+json or application/cloudevents-batch+json.',
  'unsupported-content-encoding':
    'The header Content-Encoding says that the body is compressed or encoded. This gateway does not decode bodies. Send the body as it is.',
  'expectation-failed': 'The Expect header is not supported. Leave it out, or send 100-continue.',
  'upgrade-required': 'Open a WebSocket here, subprotocol cloudevents.json. Where WebSockets are blocked, use the event stream of the API.',
  'too-many-requests': 'The emitter has reached its rate limit (EMIT_RATE_PER_S). Send the events again after the pause.',
  'too-many-connections': 'Connection limit of this user reached (MAX_CONNECTIONS_PER_USER). Close a connection first.',
  'internal-error': 'The gateway failed; its log has the reason. Sending the same event again is safe.',
  'refused-by-log':
    'The brokers refused the events. None of them is in the topic. Ask the administrator of the gateway: its log lines have the reason. Then send all events again: with the same source and id this is safe.',
  'too-many-revocations':
    'The channel has as many revocations as it may have (MAX_REVOCATIONS). Revoke an organization in place of its users, or raise the limit.',
  overloaded: 'Too many events wait for their acknowledgement (EMIT_MAX_IN_FLIGHT). Send the events again after a pause.',
  'not-acknowledged':
    'The brokers have not acknowledged the events, which may be in the topic or not. Send them again: with the same source and id this is safe.',
  'keys-unavailable': "The key that signed the token is unknown, and the issuer's keys cannot be fetched now. Try again soon.",
  'not-ready': 'The gateway is not ready: it is reading the topic, or has lost its brokers. Retry soon.',
  draining: 'The gateway is stopping. Connect again to reach another pod.',
}

/** Returns the example of a problem, as a gateway answers it. */
export function problemExample(type: ProblemType): Example {
  const { title, status } = problems[type]
  const own = details[type]
  const members = typeof own === 'string' ? { detail: own } : own
  const value = { type: `urn:carillon:problem:${type}`, title, status, ...members, instance: 'urn:carillon:request:4bf92f3577b34da6' }
  return { summary: title, value }
}
