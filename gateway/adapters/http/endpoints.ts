import { channelPaths, type ChannelPathOptions } from '../../config/channel-paths.ts'
import type { Options } from '../../config/options.ts'
import {
  acceptedEventsExamples,
  acceptedExamples,
  batchExamples,
  binaryExamples,
  binaryHeaders,
  claimsExamples,
  cloudEventExamples,
  documentExamples,
  emitMessageExamples,
  frameAnswerExamples,
  frameExamples,
  healthExamples,
  streamExamples,
  tokenExamples,
} from './examples.ts'
import { tagged, sentences, ref, json, refusals, whoMayListen, whenMinimal, preferHeader, preferenceApplied } from './operation-parts.ts'
import { revokeTokens } from './revocation-operation.ts'

/** One operation of the HTTP API, for the router and for the OpenAPI document. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** An Operation Object of OpenAPI 3.1. */
  readonly operation: Readonly<Record<string, unknown>>
}

export type EndpointName =
  | 'emitMessage'
  | 'emitEvents'
  | 'revokeTokens'
  | 'sendFrame'
  | 'streamEvents'
  | 'openSocket'
  | 'describeApi'
  | 'health'
  | 'developmentToken'
export type Endpoints = Readonly<Record<EndpointName, Endpoint>>
export type EndpointSettings = ChannelPathOptions &
  Pick<Options, 'maxEventBytes' | 'emitMaxBatch' | 'emitMaxBodyBytes' | 'emitTrustXRhIdentity' | 'maxInboundFrameBytes'>

/** All endpoints of a channel, docs/protocol.md section 1. */
export function describeEndpoints(settings: EndpointSettings): Endpoints {
  const { socket, api } = channelPaths(settings)
  return {
    emitMessage: { method: 'POST', path: `${api}/emit-message`, operation: emitMessage(settings) },
    emitEvents: { method: 'POST', path: `${api}/events`, operation: emitEvents(settings) },
    revokeTokens: { method: 'POST', path: `${api}/revocations`, operation: revokeTokens },
    streamEvents: { method: 'GET', path: `${api}/events`, operation: streamEvents },
    sendFrame: { method: 'POST', path: `${api}/sessions/{session}/frames`, operation: sendFrame(settings) },
    openSocket: { method: 'GET', path: socket, operation: openSocket },
    describeApi: { method: 'GET', path: `${api}/openapi.json`, operation: describeApi },
    health: { method: 'GET', path: '/health', operation: health },
    developmentToken: { method: 'POST', path: '/dev/token', operation: developmentToken },
  }
}

/** Returns a path in the words of the router: `{session}` is `:session`. */
export const routeOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

const whoMayEmit = ({ emitTrustXRhIdentity }: EndpointSettings) => [
  { bearer: [] },
  { cookie: [] },
  ...(emitTrustXRhIdentity ? [{ xRhIdentity: [] }] : []),
]
const sizeLimits = ({ maxEventBytes, emitMaxBodyBytes }: EndpointSettings): string =>
  `An event has at most ${maxEventBytes} bytes, a body at most ${emitMaxBodyBytes}.`
const whenAccepted = sentences(
  '202 is sent after Kafka has acknowledged the events.',
  'After any other answer, sending the same `source` and `id` again is safe: it is delivered once.',
)
const whyNotEmitted = [
  'unauthenticated',
  'revoked',
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
  'not-ready',
] as const

const emitMessage = (settings: EndpointSettings) => ({
  ...tagged('Emit'),
  operationId: 'emitMessage',
  summary: 'Emit one message',
  description: `The content type does not matter: the body is read as JSON. ${whenAccepted} ${sizeLimits(settings)}`,
  security: whoMayEmit(settings),
  parameters: [preferHeader],
  requestBody: { required: true, content: json('EmitMessage', emitMessageExamples) },
  responses: {
    '202': {
      description: `The event is in Kafka. ${whenMinimal}`,
      headers: preferenceApplied,
      content: json('Accepted', acceptedExamples),
    },
    ...refusals('bad-request', 'not-json', 'json-too-deep', 'invalid-event', ...whyNotEmitted),
  },
})

const emitEvents = (settings: EndpointSettings) => ({
  ...tagged('Emit'),
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
    ...Object.entries(binaryHeaders).map(([name, header]) => ({
      name,
      in: 'header',
      required: false,
      schema: { type: 'string' },
      ...header,
    })),
    preferHeader,
  ],
  requestBody: {
    required: true,
    content: {
      ...json('CloudEvent', cloudEventExamples, 'application/cloudevents+json'),
      ...json('CloudEventBatch', batchExamples, 'application/cloudevents-batch+json'),
      '*/*': {
        schema: { description: 'Binary mode: the data of the event, in the content type of the request.' },
        examples: binaryExamples,
      },
    },
  },
  responses: {
    '202': {
      description: `All events are in Kafka: one for the binary and structured modes, a list for a batch. ${whenMinimal}`,
      headers: preferenceApplied,
      content: { 'application/json': { schema: { oneOf: [ref('Accepted'), ref('AcceptedBatch')] }, examples: acceptedEventsExamples } },
    },
    ...refusals('bad-request', 'not-json', 'json-too-deep', 'invalid-event', 'invalid-batch', 'unsupported-media-type', ...whyNotEmitted),
  },
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
    example: 'latest',
  },
  {
    name: 'cursors',
    in: 'query',
    required: false,
    description: sentences(
      '`short`: events have short cursors, which the client puts behind the last whole one. It may show them here, as in `short.0-2s3f`.',
      'For clients that do so by themselves: an `EventSource` does not. See docs/protocol.md.',
    ),
    schema: { type: 'string', pattern: String.raw`^short(\.|$)` },
    example: 'short',
  },
  {
    name: 'filters',
    in: 'query',
    required: false,
    description: 'A JSON array of filters of the CloudEvents Subscriptions API. An event must pass all of them. See docs/protocol.md.',
    schema: { type: 'string' },
    example: '[{"prefix":{"type":"com.example."}}]',
  },
]

const streamEvents = {
  ...tagged('Receive'),
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
    '200': {
      description: 'A stream without end.',
      content: { 'text/event-stream': { schema: { type: 'string' }, examples: streamExamples } },
    },
    ...refusals(
      'bad-cursor',
      'bad-filters',
      'unauthenticated',
      'revoked',
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

const sendFrame = ({ maxInboundFrameBytes }: EndpointSettings) => ({
  ...tagged('Receive'),
  operationId: 'sendFrame',
  summary: 'Send a frame for a session',
  description: sentences(
    'For clients of the event stream: a command (`dev.carillon.subscribe`, `dev.carillon.token`), or an event of any other type, which is a send.',
    'The answer is the event that a WebSocket would have got. A command needs the pod that has the session; each pod takes a send.',
    `A frame has at most ${maxInboundFrameBytes} bytes. See docs/protocol.md.`,
  ),
  security: whoMayListen,
  parameters: [
    {
      name: 'session',
      in: 'path',
      required: true,
      description: '`session` of the first control event of the stream.',
      schema: { type: 'string' },
      example: '0f8fad5b-d9cb-469f-a165-70867728950e',
    },
  ],
  requestBody: { required: true, content: json('ClientFrame', frameExamples, 'application/cloudevents+json') },
  responses: {
    '200': {
      description: 'The answer: `dev.carillon.subscribed`, `dev.carillon.token-accepted`, `dev.carillon.ack` or `dev.carillon.nack`.',
      content: json('FrameAnswer', frameAnswerExamples, 'application/cloudevents+json'),
    },
    ...refusals(
      'bad-request',
      'unauthenticated',
      'revoked',
      'forbidden',
      'origin-forbidden',
      'unknown-session',
      'request-timeout',
      'expectation-failed',
      'body-too-large',
      'unsupported-media-type',
      'unsupported-content-encoding',
      'internal-error',
      'overloaded',
      'keys-unavailable',
      'not-ready',
    ),
  },
})

const openSocket = {
  ...tagged('Receive'),
  operationId: 'openSocket',
  summary: 'Receive events over WebSocket',
  description: sentences(
    'Subprotocol `cloudevents.json`: each text message is one structured CloudEvent.',
    'A token may also be offered as subprotocol `bearer.<token>`. See docs/protocol.md.',
  ),
  security: whoMayListen,
  parameters: [
    ...cursorParameters,
    {
      name: 'Sec-WebSocket-Protocol',
      in: 'header',
      required: false,
      description: 'Offered subprotocols, with commas between them.',
      schema: { type: 'string' },
      example: 'cloudevents.json',
    },
  ],
  responses: {
    '101': {
      description: 'Switching Protocols (RFC 6455, section 4.2.2). The connection is a WebSocket now, and the answer has no body.',
      headers: {
        Upgrade: { description: 'The new protocol.', schema: { const: 'websocket' } },
        Connection: { description: 'Marks `Upgrade` as a header of this connection.', schema: { const: 'Upgrade' } },
        'Sec-WebSocket-Accept': { description: 'Proof that the server has read `Sec-WebSocket-Key`.', schema: { type: 'string' } },
        'Sec-WebSocket-Protocol': {
          description: 'The chosen subprotocol. Missing when the client offered none.',
          schema: { const: 'cloudevents.json' },
        },
      },
    },
    ...refusals(
      'bad-request',
      'bad-subprotocol',
      'bad-cursor',
      'bad-filters',
      'unauthenticated',
      'revoked',
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
  ...tagged('About the gateway'),
  operationId: 'describeApi',
  summary: 'This document',
  description: 'The endpoints that this gateway serves, with its own paths and limits.',
  security: [],
  responses: {
    '200': { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' }, examples: documentExamples } } },
    ...refusals('bad-request', 'origin-forbidden'),
  },
}

const health = {
  ...tagged('About the gateway'),
  operationId: 'health',
  summary: 'Whether the process answers',
  description: 'For simple probes. `/livez` and `/readyz` on the internal port report more.',
  security: [],
  responses: { '200': { description: 'It does.', content: json('Health', healthExamples) }, ...refusals('bad-request') },
}

const developmentToken = {
  ...tagged('Development'),
  operationId: 'developmentToken',
  summary: 'A token for any user (development mode only)',
  description: 'The content type does not matter: the body is read as JSON.',
  security: [],
  requestBody: { required: true, content: json('DevelopmentClaims', claimsExamples) },
  responses: {
    '200': {
      description: 'A token with these claims, signed with a key that ends with the process.',
      content: json('DevelopmentToken', tokenExamples),
    },
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
