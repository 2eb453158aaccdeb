import type { Fault, FaultyAnswer, FaultyRequest } from './faulty-server.ts'

/** Members of an event in the JSON format. */
type Members = Readonly<Record<string, unknown>>

const parse = (text: string): Members => JSON.parse(text) as Members // the gateway sends events in JSON
const isControl = ({ type }: Members): boolean => String(type).startsWith('dev.carillon.')

/** Changes events on the WebSocket, control events aside. */
const onEvents = (change: (event: Members) => Members): Fault => ({
  message: (text) => {
    const event = parse(text)
    return [isControl(event) ? text : JSON.stringify(change(event))]
  },
})
const onControl = (change: (event: Members) => Members): Fault => ({
  message: (text) => {
    const event = parse(text)
    return [isControl(event) ? JSON.stringify(change(event)) : text]
  },
})
const without = (event: Members, name: string): Members => Object.fromEntries(Object.entries(event).filter(([one]) => one !== name))
const withMembers = (members: Members): Fault => onEvents((event) => ({ ...event, ...members }))

/** Changes the data of blocks of the event stream. */
const onBlocks = (change: (event: Members) => Members): Fault => ({
  block: (text) => text.replace(/^data: (.*)$/m, (_line, data: string) => `data: ${JSON.stringify(change(parse(data)))}`),
})

const withHeaders = (request: FaultyRequest, headers: Readonly<Record<string, string>>): FaultyRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
})
const onHeader = (name: string, change: (value: string) => string): Fault => ({
  request: (request) => {
    const value = request.headers[name]
    return value === undefined ? request : withHeaders(request, { [name]: change(value) })
  },
})
const onBody = (change: (text: string) => string): Fault => ({
  request: (request) => ({ ...request, body: Buffer.from(change(request.body.toString())) }),
})

const answered = (status: number, body = '{}'): FaultyAnswer => ({ status, headers: { 'content-type': 'application/json' }, body })
/** Answers some requests in place of the gateway. */
const answersTo = (isChosen: (request: FaultyRequest) => boolean, status: number): Fault => ({
  request: (request) => (isChosen(request) ? answered(status) : request),
})
const isStructured = ({ headers }: FaultyRequest): boolean => (headers['content-type'] ?? '').startsWith('application/cloudevents+json')
const isBatch = ({ headers }: FaultyRequest): boolean => (headers['content-type'] ?? '').startsWith('application/cloudevents-batch')
const isBinary = (request: FaultyRequest): boolean => request.body.length > 0 && !isStructured(request) && !isBatch(request)
/** The status that a server without checks would answer. */
const acceptsAll = (isChosen: (request: FaultyRequest) => boolean): Fault => answersTo(isChosen, 202)

const inBody =
  (text: string) =>
  ({ body }: FaultyRequest): boolean =>
    body.includes(text)

/** Forgets the cursor of a client that comes back, unless it asks for none. */
const forgetsCursor = (isChosen: (request: FaultyRequest) => boolean): Fault => ({
  request: (request) => {
    if (!isChosen(request)) return request
    const target = request.target.replace(/\?.*$/, '')
    return { ...request, target: `${target}?cursor=latest`, headers: { ...request.headers, 'last-event-id': '' } }
  },
})
/** Resumes at the whole cursor alone. */
const forgetsShortCursors: Fault = {
  request: (request) => ({ ...request, target: request.target.replace(/cursors=short\.[^&]*/, 'cursors=short') }),
}
const isHandshake = ({ headers }: FaultyRequest): boolean => headers['upgrade'] !== undefined
const isStream = ({ headers }: FaultyRequest): boolean => headers['accept'] === 'text/event-stream'
const comesBack = ({ target, headers }: FaultyRequest): boolean =>
  (target.includes('cursor=') && !target.includes('cursor=latest')) || headers['last-event-id'] !== undefined

const offersJson: Fault = {
  request: (request) => (isHandshake(request) ? withHeaders(request, { 'sec-websocket-protocol': 'cloudevents.json' }) : request),
}
const subprotocolLine = /^sec-websocket-protocol: .*\r\n/im
const authorized = (request: FaultyRequest, token: string): FaultyRequest => withHeaders(request, { authorization: `Bearer ${token}` })

/** A server that answers each event with the same event, in binary mode. It is right, unless `change` breaks the answer. */
function answersWithEvent(change: (answer: FaultyAnswer) => FaultyAnswer = (answer) => answer): Fault {
  return {
    request: (request) => {
      if (!isStructured(request)) return request
      const { data, ...attributes } = parse(request.body.toString())
      const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))])
      return change({
        status: 200,
        headers: { ...Object.fromEntries(headers.filter(([name]) => name !== 'ce-datacontenttype')), 'content-type': 'application/json' },
        body: JSON.stringify(data),
      })
    },
  }
}

/** For each rule a server that breaks it, and keeps the others as far as they can be kept. */
export const faults: Readonly<Record<string, Fault>> = {
  'websocket.handshake': { upgrade: (head) => head.replace(/^sec-websocket-accept: .*$/im, 'Sec-WebSocket-Accept: wrong') },
  'websocket.subprotocol': { upgrade: (head) => head.replace(subprotocolLine, '') },
  'websocket.offered-subprotocol': { upgrade: (head) => head.replace(subprotocolLine, 'Sec-WebSocket-Protocol: other\r\n') },
  'websocket.avro': offersJson,
  'websocket.proto': offersJson,
  'websocket.unknown-subprotocol': offersJson,
  'websocket.version': onHeader('sec-websocket-version', () => '13'),
  'websocket.text-frames': { message: (text) => [Buffer.from(text)] },
  'websocket.required-specversion': withMembers({ specversion: '1.0.2' }),
  'websocket.required-id': { message: (text) => [JSON.stringify({ ...parse(text), id: '' }), text] },
  'websocket.required-source': { message: (text) => [JSON.stringify({ ...parse(text), source: 'not a reference' }), text] },
  'websocket.required-type': onEvents((event) => without(event, 'type')),
  'websocket.optional-time': withMembers({ time: '2018-02-30T00:00:00Z' }),
  'websocket.optional-subject': withMembers({ subject: '' }),
  'websocket.optional-datacontenttype': withMembers({ datacontenttype: 'json' }),
  'websocket.optional-dataschema': withMembers({ dataschema: 'schema/1' }),
  'websocket.attribute-names': withMembers({ Bad_Name: '1' }),
  'websocket.attribute-name-length': withMembers({ ['a'.repeat(21)]: '1' }),
  'websocket.attribute-types': withMembers({ nested: {} }),
  'websocket.attribute-characters': withMembers({ bell: '\u0007' }),
  'websocket.one-data-member': withMembers({ data: 1, data_base64: 'AA==' }),
  'websocket.base64': withMembers({ data_base64: '%' }),
  'websocket.attributes-survive': onEvents((event) => without(event, 'dataschema')),
  'websocket.unknown-attributes-survive': onEvents((event) => without(event, 'comexampletext')),
  'websocket.attribute-types-survive': onEvents((event) => ({ ...event, comexampleinteger: String(event['comexampleinteger']) })),
  'websocket.null-attributes': onBody((text) => text.replace('"subject":null', '"subject":"null"')),
  'websocket.json-data': onEvents((event) => ({ ...event, data: JSON.stringify(event['data']) })),
  'websocket.text-data': onEvents((event) => (event['datacontenttype'] === 'text/plain' ? { ...event, data: { text: 1 } } : event)),
  'websocket.binary-data': onEvents((event) => ({ ...without(event, 'data_base64'), data: event['data_base64'] })),
  'websocket.size': answersTo(({ body }) => body.length > 60_000, 413),
  'websocket.no-batch': { message: (text) => [`[${text}]`, text] },

  'http.binary': answersTo(isBinary, 415),
  'http.structured': answersTo(isStructured, 415),
  'http.binary-attributes': {
    request: (request) => ({
      ...request,
      headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'ce-comexampletext')),
    }),
  },
  'http.header-names': answersTo(({ names }) => names.includes('CE-Subject'), 400),
  'http.percent-decoding': onHeader('ce-subject', (value) => value.replaceAll('%', '%25')),
  'http.lower-case-hex': onHeader('ce-subject', (value) => value.replace(/%(?=[0-9a-f]?[a-f])/g, '%25')),
  'http.unnecessary-encoding': onHeader('ce-subject', (value) => value.replace(/%(?=6[12])/g, '%25')),
  'http.one-round': onHeader('ce-subject', (value) => value.replace('%25', '%')),
  'http.quoted-values': onHeader('ce-subject', (value) => value.replaceAll('"', '%22')),
  'http.invalid-utf8': acceptsAll(({ headers }) => /%C0|%FF/.test(headers['ce-subject'] ?? '')),
  'http.content-type': onHeader('content-type', (value) => value.replace(/;.*$/, '')),
  'http.binary-json': {
    request: (request) => ({ ...request, body: isBinary(request) ? Buffer.from(request.body.toString('latin1')) : request.body }),
  },
  'http.binary-bytes': onBody((text) => text),
  'http.chunked': {
    request: (request) => (request.headers['transfer-encoding'] === undefined ? request : { ...request, body: Buffer.from('{}') }),
  },
  'http.binary-required': acceptsAll((request) => isBinary(request) && request.headers['ce-source'] === undefined),
  'http.size': answersTo(({ body }) => body.length > 60_000, 413),
  'http.structured-charset': answersTo(({ headers }) => (headers['content-type'] ?? '').includes('charset'), 415),
  'http.media-type-case': answersTo(({ headers }) => (headers['content-type'] ?? '').startsWith('Application'), 415),
  'http.structured-attributes': onBody((text) => text.replace('"comexampletext"', '"otherextension"')),
  'http.structured-null': onBody((text) => text.replace('"comexampletext":null', '"comexampletext":"null"')),
  'http.structured-base64': onBody((text) => text.replace('"data_base64"', '"data"')),
  'http.structured-string': onBody((text) => text.replace(String.raw`"data":"{\"text\": 1}"`, '"data":{"text":1}')),
  'http.structured-required': acceptsAll(inBody('"type":""')),
  'http.bad-time': acceptsAll(inBody('yesterday')),
  'http.not-json': acceptsAll(({ body }) => body.toString() === '[]'),
  'http.both-data-members': acceptsAll(inBody('"data_base64":"AA=="')),
  'http.batch': answersTo(isBatch, 500),
  'http.empty-batch': answersTo(({ body }) => body.toString() === '[]', 400),
  'http.reply-attributes': answersWithEvent((answer) => ({
    ...answer,
    headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== 'ce-source')),
  })),
  'http.reply-encoding': answersWithEvent((answer) => ({ ...answer, headers: { ...answer.headers, 'ce-comexampletext': 'a "b"' } })),
  'http.reply-datacontenttype': answersWithEvent((answer) => ({
    ...answer,
    headers: { ...answer.headers, 'ce-datacontenttype': 'application/json' },
  })),

  'resume.token-in-subprotocol': { upgrade: (head) => head.replace('cloudevents.json', 'cloudevents.json, bearer.x') },
  'resume.token-in-query': {
    request: (request) => {
      const token = /[?&]token=([^&]+)/.exec(request.target)?.[1]
      return token === undefined ? request : authorized(request, token)
    },
  },
  'resume.other-subprotocols': offersJson,
  'resume.resumed': onControl((event) => without(event, 'cursor')),
  'resume.resumed-sse': onBlocks((event) => without(event, 'cursor')),
  'resume.heartbeatms': onControl((event) => ({ ...event, heartbeatms: '25 s' })),
  'resume.plain-client': { message: (text) => [JSON.stringify({ ...parse(text), id: 'x', type: 'dev.carillon.bookmark' }), text] },
  'resume.plain-client-sse': { block: (text) => `data: {"type":"dev.carillon.bookmark"}\n\n${text}` },
  'resume.cursor-extension': onEvents((event) => without(event, 'cursor')),
  'resume.cursor-extension-sse': onBlocks((event) => (isControl(event) ? event : without(event, 'cursor'))),
  'resume.audience-stays': withMembers({ audience: '{"broadcast":true}' }),
  'resume.websocket': forgetsCursor((request) => isHandshake(request) && comesBack(request)),
  'resume.sse-cursor': forgetsCursor((request) => isStream(request) && comesBack(request)),
  'resume.last-event-id': forgetsCursor((request) => isStream(request) && comesBack(request)),
  'resume.across-transports': forgetsCursor((request) => isStream(request) && comesBack(request)),
  'resume.across-transports-back': forgetsCursor((request) => isHandshake(request) && comesBack(request)),
  'resume.header-wins': onHeader('last-event-id', () => ''),
  'resume.duplicates': { message: (text) => [text, text] },
  'resume.gap': onBlocks((event) => (isControl(event) ? { ...event, data: { reason: 'too-old' } } : event)),
  'resume.damaged-cursor': forgetsCursor(comesBack),
  'resume.damaged-cursor-sse': forgetsCursor(comesBack),
  'resume.close-codes': { closeCode: () => 4100 },
  'resume.short-cursors': forgetsShortCursors,
  'resume.short-cursors-sse': forgetsShortCursors,
  'resume.short-cursor-ids': { block: (text) => (/^id:/m.test(text) ? text : `id: x\n${text}`) },
  'resume.whole-cursors': withMembers({ cursor: '.0-1aa' }),
  'resume.stream-type': {
    answer: (answer) => ({ ...answer, headers: { ...answer.headers, 'content-type': 'text/event-stream', 'cache-control': 'max-age=60' } }),
  },
  'resume.stream-ids': { block: (text) => text.replace(/^id: .*$/m, 'id: x') },
  'resume.subscribe': {
    message: (text) => (isControl(parse(text)) ? [text] : [JSON.stringify({ ...parse(text), id: 'of other filters' }), text]),
  },
  'resume.subscribe-sse': onBody((text) => text.replace('"filters":[{"exact":{"subject":"kept"}}]', '"filters":[]')),
  'resume.unknown-session': {
    answer: (answer) => (answer.body.includes('unknown-session') ? { ...answer, status: 200 } : answer),
  },
  'resume.emit-answer': { answer: (answer) => ({ ...answer, body: answer.status === 202 ? '{}' : answer.body }) },
  'resume.emit-without-audience': acceptsAll((request) => isStructured(request) && !inBody('"audience"')(request)),
  'resume.emit-cursor': acceptsAll(inBody('"cursor":"x"')),
  'resume.emit-own-types': acceptsAll(inBody('"type":"dev.carillon.note"')),
  'resume.bookmark': onControl((event) => (String(event['type']).endsWith('bookmark') ? without(event, 'cursor') : event)),
}

/** A server that lets clients in without a token of their own. */
export const withoutAuthentication = (token: string): Fault => ({
  request: (request) => (request.headers['authorization'] === undefined ? authorized(request, token) : request),
})

/** The faults of rules that a gateway has no occasion to break, each with the right server beside it. */
export const rightReplies: Fault = answersWithEvent()
