import { channelPaths, type ChannelPathOptions } from '../../config/channel-paths.ts'
import type { Options } from '../../config/options.ts'
import { type ProblemType, problems } from '../../request/problem.ts'
import type { schemas } from './schemas.ts'

/** One operation of the HTTP API, for the router and for the OpenAPI document. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** An Operation Object of OpenAPI 3.1. */
  readonly operation: Readonly<Record<string, unknown>>
}

export type EndpointName = 'emitMessage' | 'emitEvents' | 'streamEvents' | 'openSocket' | 'describeApi' | 'health' | 'developmentToken'
export type Endpoints = Readonly<Record<EndpointName, Endpoint>>
export type EndpointSettings = ChannelPathOptions &
  Pick<Options, 'maxEventBytes' | 'emitMaxBatch' | 'emitMaxBodyBytes' | 'emitTrustXRhIdentity'>

/** All endpoints of a channel, docs/protocol.md section 1. */
export function describeEndpoints(settings: EndpointSettings): Endpoints {
  const { socket, api } = channelPaths(settings)
  return {
    emitMessage: { method: 'POST', path: `${api}/emit-message`, operation: emitMessage(settings) },
    emitEvents: { method: 'POST', path: `${api}/events`, operation: emitEvents(settings) },
    streamEvents: { method: 'GET', path: `${api}/events`, operation: streamEvents },
    openSocket: { method: 'GET', path: socket, operation: openSocket },
    describeApi: { method: 'GET', path: `${api}/openapi.json`, operation: describeApi },
    health: { method: 'GET', path: '/health', operation: health },
    developmentToken: { method: 'POST', path: '/dev/token', operation: developmentToken },
  }
}

function sentences(...parts: readonly string[]): string {
  return parts.join(' ')
}

const ref = (name: keyof typeof schemas) => ({ $ref: `#/components/schemas/${name}` })
const json = (name: keyof typeof schemas, mediaType = 'application/json') => ({ [mediaType]: { schema: ref(name) } })
const retryAfter = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } }

/** The problem responses of an operation, grouped by status. */
function refusals(...types: readonly ProblemType[]): Record<string, unknown> {
  const byStatus = Map.groupBy(types, (type) => problems[type].status)
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((type) => `\`${type}\`: ${problems[type].title}.`).join(' '),
        content: json('Problem', 'application/problem+json'),
        ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
      },
    ]),
  )
}

const whoMayEmit = ({ emitTrustXRhIdentity }: EndpointSettings) => [
  { bearer: [] },
  { cookie: [] },
  ...(emitTrustXRhIdentity ? [{ xRhIdentity: [] }] : []),
]
const whoMayListen = [{ bearer: [] }, { cookie: [] }]
const sizeLimits = ({ maxEventBytes, emitMaxBodyBytes }: EndpointSettings): string =>
  `An event has at most ${maxEventBytes} bytes, a body at most ${emitMaxBodyBytes}.`
const whenAccepted = sentences(
  '202 is sent after Kafka has acknowledged the events.',
  'After any other answer, sending the same `source` and `id` again is safe: it is delivered once.',
)
const whenMinimal = 'With `Prefer: return=minimal` or `Prefer: reply` there is no body.'
const preferHeader = {
  name: 'Prefer',
  in: 'header',
  required: false,
  description: '`return=minimal` (RFC 7240) or `reply` (Knative): 202 has no body.',
  schema: { type: 'string' },
}
const preferenceApplied = {
  'Preference-Applied': { description: '`return=minimal` where the request preferred it.', schema: { type: 'string' } },
}
const whyNotEmitted = [
  'unauthenticated',
  'forbidden',
  'origin-forbidden',
  'request-timeout',
  'expectation-failed',
  'body-too-large',
  'event-too-large',
  'batch-too-large',
  'unsupported-content-encoding',
  'too-many-requests',
  'internal-error',
  'refused-by-log',
  'overloaded',
  'not-acknowledged',
  'keys-unavailable',
] as const

const emitMessage = (settings: EndpointSettings) => ({
  operationId: 'emitMessage',
  summary: 'Emit one message',
  description: `The content type does not matter: the body is read as JSON. ${whenAccepted} ${sizeLimits(settings)}`,
  security: whoMayEmit(settings),
  parameters: [preferHeader],
  requestBody: { required: true, content: json('EmitMessage') },
  responses: {
    '202': { description: `The event is in Kafka. ${whenMinimal}`, headers: preferenceApplied, content: json('Accepted') },
    ...refusals('bad-request', 'not-json', 'json-too-deep', 'invalid-event', ...whyNotEmitted),
  },
})

const emitEvents = (settings: EndpointSettings) => ({
  operationId: 'emitEvents',
  summary: 'Emit CloudEvents',
  description: sentences(
    'CloudEvents HTTP protocol binding, in all three modes. The content type tells structured and batched modes apart;',
    'every other content type is the binary mode, with the attributes in `ce-` headers and the data in the body.',
    `A batch has at most ${settings.emitMaxBatch} events, may be empty, and is accepted whole or not at all.`,
    whenAccepted,
    sizeLimits(settings),
  ),
  security: whoMayEmit(settings),
  parameters: [
    binaryHeader('ce-specversion', 'Binary mode: `1.0`.'),
    binaryHeader('ce-id', 'Binary mode: unique per source.'),
    binaryHeader('ce-source', 'Binary mode: a URI reference.'),
    binaryHeader('ce-type', 'Binary mode: the kind of the event.'),
    binaryHeader('ce-audience', 'Binary mode: the audience as JSON.'),
    preferHeader,
  ],
  requestBody: {
    required: true,
    content: {
      ...json('CloudEvent', 'application/cloudevents+json'),
      ...json('CloudEventBatch', 'application/cloudevents-batch+json'),
      '*/*': { schema: {} },
    },
  },
  responses: {
    '202': {
      description: `All events are in Kafka: one for the binary and structured modes, a list for a batch. ${whenMinimal}`,
      headers: preferenceApplied,
      content: { 'application/json': { schema: { oneOf: [ref('Accepted'), ref('AcceptedBatch')] } } },
    },
    ...refusals('bad-request', 'not-json', 'json-too-deep', 'invalid-event', 'invalid-batch', 'unsupported-media-type', ...whyNotEmitted),
  },
})

const binaryHeader = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
})

const cursorParameters = [
  {
    name: 'cursor',
    in: 'query',
    required: false,
    description: sentences(
      '`latest`, `earliest`, or the cursor of the last event that was received. Marks a client that resumes: it also gets control events.',
      '`earliest` begins at the oldest event that the gateway holds.',
    ),
    schema: { type: 'string' },
  },
]

const streamEvents = {
  operationId: 'streamEvents',
  summary: 'Receive events as Server-Sent Events',
  description: sentences(
    'Each message is one CloudEvent as JSON in `data`, with its cursor as `id`.',
    'A browser that reconnects sends the last `id` as `Last-Event-ID`, which wins over `lastEventId` and `cursor`, and gets the events that it missed.',
    'An unusable id is answered with 200 and a gap, an unusable `cursor` with 400.',
    'A line that begins with a colon is a comment: `: connected` comes first, and `: ping` is a heartbeat.',
    'The last message has `event: close` and `data: {code, text, reconnectAfterMs}`.',
  ),
  security: whoMayListen,
  parameters: [
    ...cursorParameters,
    {
      name: 'lastEventId',
      in: 'query',
      required: false,
      description: 'As `Last-Event-ID`; sent by polyfills of `EventSource`, which cannot send the header.',
      schema: { type: 'string' },
    },
    {
      name: 'Last-Event-ID',
      in: 'header',
      required: false,
      description: 'As `cursor`; sent by browsers that reconnect.',
      schema: { type: 'string' },
    },
  ],
  responses: {
    '200': { description: 'A stream without end.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    ...refusals(
      'bad-cursor',
      'unauthenticated',
      'origin-forbidden',
      'too-many-requests',
      'too-many-connections',
      'internal-error',
      'overloaded',
      'keys-unavailable',
      'not-ready',
      'draining',
    ),
  },
}

const openSocket = {
  operationId: 'openSocket',
  summary: 'Receive events over WebSocket',
  description: sentences(
    'Subprotocol `cloudevents.json`: each text message is one structured CloudEvent.',
    'A token may also be offered as subprotocol `bearer.<token>`. See docs/protocol.md.',
  ),
  security: whoMayListen,
  parameters: [
    ...cursorParameters,
    { name: 'Sec-WebSocket-Protocol', in: 'header', required: false, schema: { type: 'string', examples: ['cloudevents.json'] } },
  ],
  responses: {
    '101': { description: 'The connection is a WebSocket now.' },
    ...refusals(
      'bad-request',
      'bad-subprotocol',
      'bad-cursor',
      'unauthenticated',
      'origin-forbidden',
      'upgrade-required',
      'too-many-requests',
      'too-many-connections',
      'overloaded',
      'keys-unavailable',
      'not-ready',
      'draining',
    ),
  },
}

const describeApi = {
  operationId: 'describeApi',
  summary: 'This document',
  security: [],
  responses: {
    '200': { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    ...refusals('origin-forbidden'),
  },
}

const health = {
  operationId: 'health',
  summary: 'Whether the process answers',
  description: 'For simple probes. `/livez` and `/readyz` on the internal port report more.',
  security: [],
  responses: { '200': { description: 'It does.', content: json('Health') } },
}

const developmentToken = {
  operationId: 'developmentToken',
  summary: 'A token for any user (development mode only)',
  description: 'The content type does not matter: the body is read as JSON.',
  security: [],
  requestBody: { required: true, content: json('DevelopmentClaims') },
  responses: {
    '200': { description: 'A token with these claims, signed with a key that ends with the process.', content: json('DevelopmentToken') },
    ...refusals(
      'bad-request',
      'not-json',
      'json-too-deep',
      'origin-forbidden',
      'request-timeout',
      'body-too-large',
      'unsupported-content-encoding',
    ),
  },
}
