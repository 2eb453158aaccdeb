import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe } from 'vitest'
import { curl, runCurl, statusAtOnce } from './testing/curl.ts'
import { javaProgram, startForeign } from './testing/foreign-client.ts'
import { asGiven, type Rig, startRig } from './testing/rig.ts'
import { tabulate } from './testing/trials.ts'
import { toolVersion } from './versions.ts'

/** Headers of an event in binary mode. */
const binary = (id: string): Readonly<Record<string, string>> => ({
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': '/interop',
  'ce-type': 'interop.curl',
  'ce-audience': '{"users":["u1"]}',
})

interface Request {
  readonly id: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | string
}

interface Expected extends Request {
  /** Sentence without its subject. */
  readonly what: string
  readonly status: number
  /** Members that arrive beside id, specversion, source and type; null: nothing arrives. */
  readonly event: Readonly<Record<string, unknown>> | null
}

/** An event in binary mode. An empty content type: none is sent, against curl's default. */
const inHeaders = (id: string, contentType: string, body: Buffer | string, more: readonly (readonly [string, string])[] = []): Request => ({
  id,
  headers: [...Object.entries(binary(id)), ['content-type', contentType], ...more],
  body,
})

const inBody = (id: string, members: Readonly<Record<string, unknown>>): Request => ({
  id,
  headers: [['content-type', 'application/cloudevents+json']],
  body: JSON.stringify({ specversion: '1.0', id, source: '/interop', type: 'interop.curl', audience: { users: ['u1'] }, ...members }),
})

const cases: readonly Expected[] = [
  // Bytes without a content type.
  {
    what: 'emits a text without a content type in binary mode, and it arrives as bytes',
    ...inHeaders('untyped text', '', 'hello'),
    status: 202,
    event: { data_base64: 'aGVsbG8=' },
  },
  {
    what: 'emits JSON without a content type in binary mode, and it arrives as JSON',
    ...inHeaders('untyped JSON', '', '{"a":1}'),
    status: 202,
    event: { data: { a: 1 } },
  },
  {
    what: 'emits data_base64 without a content type, and it arrives as bytes',
    ...inBody('untyped bytes', { data_base64: 'AAH/' }),
    status: 202,
    event: { data_base64: 'AAH/' },
  },
  {
    what: 'emits data_base64 of a JSON text without a content type, and it arrives as bytes',
    ...inBody('untyped base64 of JSON', { data_base64: 'eyJhIjoxfQ==' }),
    status: 202,
    event: { data_base64: 'eyJhIjoxfQ==' },
  },
  {
    what: 'emits data_base64 with a JSON content type that is false, and it arrives as bytes',
    ...inBody('mistyped bytes', { datacontenttype: 'application/json', data_base64: 'AA==' }),
    status: 202,
    event: { datacontenttype: 'application/json', data_base64: 'AA==' },
  },
  // Empty data differs from absent data.
  {
    what: 'emits an empty text in structured mode, and it arrives as an empty text',
    ...inBody('empty text', { datacontenttype: 'text/plain', data: '' }),
    status: 202,
    event: { datacontenttype: 'text/plain', data: '' },
  },
  {
    what: 'emits empty data_base64, and it arrives as empty bytes',
    ...inBody('empty bytes', { datacontenttype: 'application/octet-stream', data_base64: '' }),
    status: 202,
    event: { datacontenttype: 'application/octet-stream', data_base64: '' },
  },
  {
    what: 'emits an empty body with a content type in binary mode, and it arrives as an empty text',
    ...inHeaders('empty body', 'text/plain', ''),
    status: 202,
    event: { datacontenttype: 'text/plain', data: '' },
  },
  { what: 'emits no data in structured mode, and none arrives', ...inBody('no data', {}), status: 202, event: {} },
  // Extensions keep their types.
  {
    what: 'emits extensions of three types, and they arrive with their types',
    ...inBody('extensions', { priority: 5, urgent: false, label: '5' }),
    status: 202,
    event: { priority: 5, urgent: false, label: '5' },
  },
  {
    what: 'emits an extension of the name cursor in structured mode, and is refused',
    ...inBody('cursor in the body', { cursor: 'mine' }),
    status: 400,
    event: null,
  },
  {
    what: 'emits an extension of the name cursor in binary mode, and is refused',
    ...inHeaders('cursor in a header', 'application/json', '1', [['ce-cursor', 'mine']]),
    status: 400,
    event: null,
  },
  // Percent signs.
  {
    what: 'emits a subject that ends in a percent sign, and it arrives unchanged',
    ...inHeaders('percent at the end', 'application/json', '1', [['ce-subject', '100%']]),
    status: 202,
    event: { datacontenttype: 'application/json', subject: '100%', data: 1 },
  },
  {
    what: 'emits a subject with a percent sign before a blank, and it arrives unchanged',
    ...inHeaders('percent and blank', 'application/json', '1', [['ce-subject', '50% off']]),
    status: 202,
    event: { datacontenttype: 'application/json', subject: '50% off', data: 1 },
  },
  {
    what: 'emits a subject with a percent sign before letters, and it arrives unchanged',
    ...inHeaders('percent and letters', 'application/json', '1', [['ce-subject', 'a%zz']]),
    status: 202,
    event: { datacontenttype: 'application/json', subject: 'a%zz', data: 1 },
  },
  {
    what: 'emits a percent-encoded subject, and it arrives decoded',
    ...inHeaders('percent-encoded', 'application/json', '1', [['ce-subject', '%C5%BElu%C5%A5 100%25']]),
    status: 202,
    event: { datacontenttype: 'application/json', subject: 'žluť 100%', data: 1 },
  },
  {
    what: 'emits a subject in raw UTF-8, and it arrives unchanged',
    ...inHeaders('raw UTF-8', 'application/json', '1', [['ce-subject', 'žluťák']]),
    status: 202,
    event: { datacontenttype: 'application/json', subject: 'žluťák', data: 1 },
  },
  {
    what: 'emits a subject with an overlong percent-encoded sequence, and is refused',
    ...inHeaders('overlong', 'application/json', '1', [['ce-subject', 'a%C0%A0']]),
    status: 400,
    event: null,
  },
  // Compressed bodies.
  {
    what: 'emits a compressed text, and is refused',
    ...inHeaders('gzip text', 'text/plain', gzipSync('hello'), [['content-encoding', 'gzip']]),
    status: 415,
    event: null,
  },
  {
    what: 'emits a compressed structured event, and is refused',
    id: 'gzip event',
    headers: [
      ['content-type', 'application/cloudevents+json'],
      ['content-encoding', 'gzip'],
    ],
    body: gzipSync(
      JSON.stringify({ specversion: '1.0', id: 'gzip event', source: '/interop', type: 'interop.curl', audience: { users: ['u1'] } }),
    ),
    status: 415,
    event: null,
  },
  {
    what: 'emits a text with Content-Encoding identity, and it arrives',
    ...inHeaders('identity', 'text/plain', 'hello', [['content-encoding', 'identity']]),
    status: 202,
    event: { datacontenttype: 'text/plain', data: 'hello' },
  },
  // Headers that are sent twice.
  {
    what: 'emits an event with two ids, and is refused',
    ...inHeaders('two ids', 'application/json', '1', [['ce-id', 'another']]),
    status: 400,
    event: null,
  },
  {
    what: 'emits an event with two subjects, and is refused',
    ...inHeaders('two subjects', 'application/json', '1', [
      ['ce-subject', 'one'],
      ['CE-Subject', 'two'],
    ]),
    status: 400,
    event: null,
  },
]

describe('events that curl emits', () => {
  const trial = tabulate('requests')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  const emit = ({ headers, body }: Request): ReturnType<typeof runCurl> =>
    runCurl([...headers.flatMap(([name, value]) => ['--header', `${name}: ${value}`]), '--data-binary', '@-', rig.eventsUrl], body)
  /** Finds the event with this id, or with one that begins so: a joined id must not hide. */
  const arrived = async (id: string): Promise<Readonly<Record<string, unknown>> | null> => {
    const event = (await rig.settle()).find((each) => each.id.startsWith(id))
    return event === undefined ? null : asGiven(event)
  }

  for (const { what, status, event, ...request } of cases) {
    trial({
      client: curl,
      what,
      arrives: {
        status,
        event: event === null ? null : { specversion: '1.0', id: request.id, source: '/interop', type: 'interop.curl', ...event },
      },
      act: async () => ({ status: (await emit(request)).status, event: await arrived(request.id) }),
    })
  }

  trial({
    client: curl,
    what: 'emits a compressed text, and gets the advice to send it uncompressed',
    arrives: 'identity',
    act: async () =>
      (await emit(inHeaders('gzip again', 'text/plain', gzipSync('hello'), [['content-encoding', 'gzip']]))).headers['accept-encoding'] ??
      'no Accept-Encoding',
  })

  trial({
    client: curl,
    what: 'emits a compressed message to emit-message, and is refused',
    arrives: 415,
    act: async () =>
      (
        await runCurl(
          ['--header', 'content-encoding: gzip', '--data-binary', '@-', rig.eventsUrl.replace(/events$/, 'emit-message')],
          gzipSync('{"type":"t","users":["u1"]}'),
        )
      ).status,
  })

  const emitBatch = async (events: readonly unknown[]): Promise<unknown> => {
    const { status, body } = await runCurl(
      ['--header', 'content-type: application/cloudevents-batch+json', '--data-binary', '@-', rig.eventsUrl],
      JSON.stringify(events),
    )
    return { status, body }
  }

  trial({
    client: curl,
    what: 'emits an empty batch, and it is accepted',
    arrives: { status: 202, body: '{"events":[]}' },
    act: () => emitBatch([]),
  })

  trial({
    client: curl,
    what: 'emits a batch of two events, and both arrive in its order',
    arrives: {
      answer: { status: 202, body: '{"events":[{"id":"batch 1","source":"/interop"},{"id":"batch 2","source":"/interop"}]}' },
      ids: ['batch 1', 'batch 2'],
    },
    act: async () => {
      const event = (id: string): unknown => ({
        specversion: '1.0',
        id,
        source: '/interop',
        type: 'interop.curl',
        audience: { users: ['u1'] },
      })
      const answer = await emitBatch([event('batch 1'), event('batch 2')])
      return { answer, ids: (await rig.settle()).map(({ id }) => id).filter((id) => id.startsWith('batch')) }
    },
  })

  trial({
    client: curl,
    what: 'emits by way of a proxy, in absolute-form, and the event arrives',
    arrives: { status: 202, event: true },
    act: async () => {
      const { headers, body } = inHeaders('absolute-form', 'application/json', '1')
      const answer = await runCurl(
        [
          '--request-target',
          rig.eventsUrl,
          ...headers.flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
          '--data-binary',
          '@-',
          rig.eventsUrl,
        ],
        body,
      )
      return { status: answer.status, event: (await arrived('absolute-form')) !== null }
    },
  })

  for (const [id, how, args] of [
    ['chunked', 'in chunks', ['--header', 'transfer-encoding: chunked']],
    ['HTTP/1.0', 'over HTTP/1.0', ['--http1.0']],
    ['h2c', 'and offers HTTP/2', ['--http2']],
  ] as const) {
    trial({
      client: curl,
      what: `emits ${how}, and the event arrives`,
      arrives: { status: 202, event: true },
      act: async () => {
        const { headers, body } = inHeaders(id, 'application/json', '1')
        const answer = await runCurl(
          [...args, ...headers.flatMap(([name, value]) => ['--header', `${name}: ${value}`]), '--data-binary', '@-', rig.eventsUrl],
          body,
        )
        return { status: answer.status, event: (await arrived(id)) !== null }
      },
    })
  }

  trial({
    client: curl,
    what: 'prefers a minimal answer, and gets 202 without a body',
    arrives: { status: 202, body: '', contentType: 'none' },
    act: async () => {
      const { status, body, headers } = await emit(inHeaders('minimal', 'application/json', '1', [['prefer', 'return=minimal']]))
      return { status, body, contentType: headers['content-type'] ?? 'none' }
    },
  })

  trial({
    client: curl,
    what: 'prefers nothing, and gets 202 with id and source',
    arrives: { status: 202, body: '{"id":"no preference","source":"/interop"}' },
    act: async () => {
      const { status, body } = await emit(inHeaders('no preference', 'application/json', '1'))
      return { status, body }
    },
  })
})

describe('events that Java emits', () => {
  const trial = tabulate('java')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  trial({
    client: { name: 'Java HttpClient', version: toolVersion('java') },
    what: 'emits a structured event and offers HTTP/2, and the event arrives',
    arrives: {
      answer: { status: 202 },
      event: {
        specversion: '1.0',
        id: 'java',
        source: '/interop',
        type: 'interop.curl',
        datacontenttype: 'application/json',
        data: 'Euro € 😀',
      },
    },
    act: async () => {
      const foreign = startForeign(
        javaProgram('emit', [rig.eventsUrl, String(inBody('java', { datacontenttype: 'application/json', data: 'Euro € 😀' }).body)]),
      )
      await foreign.ended().finally(() => foreign.kill())
      const event = (await rig.settle()).find(({ id }) => id === 'java')
      return { answer: JSON.parse(foreign.texts('answer')[0] ?? 'null') as unknown, event: event === undefined ? null : asGiven(event) }
    },
  })
})

describe('requests of pages that curl sends', () => {
  const trial = tabulate('preflight')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({ CORS_REQUEST_HEADERS: 'x-tenant' })
  })
  afterAll(() => rig?.stop())

  const ask = async (wanted: readonly string[]): Promise<readonly string[]> => {
    const { headers } = await runCurl([
      '--request',
      'OPTIONS',
      '--header',
      `origin: ${rig.url}`,
      '--header',
      'access-control-request-method: POST',
      '--header',
      `access-control-request-headers: ${wanted.join(',')}`,
      rig.eventsUrl,
    ])
    const allowed = (headers['access-control-allow-headers'] ?? '').toLowerCase().split(/\s*,\s*/)
    return wanted.filter((name) => allowed.includes(name))
  }
  const tracing = ['authorization', 'baggage', 'sentry-trace', 'traceparent']

  trial({
    client: curl,
    what: 'asks whether a page may send the headers of tracing libraries, and it may',
    arrives: tracing,
    act: () => ask(tracing),
  })
  trial({
    client: curl,
    what: 'asks whether a page may send a header that is configured, and it may',
    arrives: ['x-tenant'],
    act: () => ask(['x-tenant']),
  })
  trial({ client: curl, what: 'asks whether a page may send any other header, and it may not', arrives: [], act: () => ask(['x-other']) })
})

describe('WebSocket handshakes that curl sends', () => {
  const trial = tabulate('handshakes')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  /** Returns the status of the answer. */
  const handshake = (target: string, protocols = 'cloudevents.json'): Promise<number> => {
    const headers = [
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      `sec-websocket-protocol: ${protocols}`,
      `authorization: Bearer ${rig.token}`,
    ]
    return statusAtOnce(['--request-target', target, ...headers.flatMap((header) => ['--header', header]), rig.url])
  }

  trial({
    client: curl,
    what: 'asks for a WebSocket in origin-form, and gets 101',
    arrives: 101,
    act: () => handshake('/wss/chrome-service/v1/ws'),
  })
  trial({
    client: curl,
    what: 'asks for a WebSocket in absolute-form with http, and gets 101',
    arrives: 101,
    act: () => handshake(`${rig.url}/wss/chrome-service/v1/ws`),
  })
  trial({
    client: curl,
    what: 'asks for a WebSocket in absolute-form with ws, and gets 101',
    arrives: 101,
    act: () => handshake(rig.socketUrl),
  })
  trial({
    client: curl,
    what: 'asks for a WebSocket whose subprotocols end in a comma, and gets 101',
    arrives: 101,
    act: () => handshake('/wss/chrome-service/v1/ws', 'cloudevents.json,'),
  })
  trial({
    client: curl,
    what: 'asks for a WebSocket at another path in absolute-form, and gets 404',
    arrives: 404,
    act: () => handshake(`${rig.url}/wss/other/v1/ws`),
  })
})
