import { connect } from 'node:net'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Rig, startRig } from './testing/rig.ts'
import { tabulate } from './testing/trials.ts'

/** github.com/cloudevents/conformance: features/http-protocol-binding.feature and yaml/, each request byte by byte as in those files. */
const client = { name: 'cloudevents/conformance', version: '7a8ee0a' }

interface Scenario {
  readonly what: string
  /** Head without its first line, Host and Content-Length. */
  readonly head: readonly string[]
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  readonly data: unknown
}

const hello = '{\n    "message": "Hello World!"\n}\n'
const someEvent = {
  specversion: '1.0',
  type: 'com.example.someevent',
  time: '2018-04-05T03:56:24Z',
  id: '1234-1234-1234',
  source: '/mycontext/subcontext',
}
const inHeaders = (attributes: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(attributes).map(([name, value]) => `ce-${name}: ${value}`)

const bindingScenarios: readonly Scenario[] = [
  ...['application/json', 'application/json; charset=utf-8'].map((contentType) => ({
    what: `sends binary content mode (${contentType}), and the attributes and data arrive`,
    head: [...inHeaders(someEvent), `Content-Type: ${contentType}`],
    body: hello,
    attributes: { ...someEvent, datacontenttype: contentType },
    data: { message: 'Hello World!' },
  })),
  ...['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8'].map((contentType) => ({
    what: `sends structured content mode (${contentType}), and the attributes and data arrive`,
    head: [`Content-Type: ${contentType}`],
    body: JSON.stringify({ ...someEvent, datacontenttype: 'application/json', data: { message: 'Hello World!' } }, null, 4),
    attributes: { ...someEvent, datacontenttype: 'application/json' },
    data: { message: 'Hello World!' },
  })),
]

const minimum = (id: string, datacontenttype: string, body: string, data: unknown): Scenario => {
  const attributes = {
    specversion: '1.0',
    type: 'io.cloudevents.minimum',
    id,
    source: '//github.com/cloudevents/cloudeventsconformance/yaml/v1.yaml',
  }
  return {
    what: `sends the event ${id} of yaml/v1.0 in binary mode, and it arrives`,
    head: [...inHeaders(attributes), `Content-Type: ${datacontenttype}`],
    body,
    attributes: { ...attributes, datacontenttype },
    data,
  }
}

const extended = {
  specversion: '1.0',
  type: 'com.example.someevent',
  time: '2018-04-05T03:56:24Z',
  id: '4321-4321-4321',
  source: '/mycontext/subcontext',
  comexampleextension1: 'value',
  comexampleextension2: '{"othervalue": 5}',
}

const yamlScenarios: readonly Scenario[] = [
  minimum('conformance-0001', 'text/plain; charset=us-ascii', 'Hello, World!\n', 'Hello, World!\n'),
  minimum('conformance-0002', 'text/plain; charset=utf-8', 'Hello, 🌎!\n', 'Hello, 🌎!\n'),
  minimum('conformance-0003', 'application/json; charset=utf-8', '"Hello, 🌎!"\n', 'Hello, 🌎!'),
  minimum('conformance-0004', 'application/json; charset=utf-8', '{"msg":"Hello, 🌎!"}\n', { msg: 'Hello, 🌎!' }),
  minimum('conformance-0005', 'application/json; charset=utf-8', '["Hello","🌎!"]\n', ['Hello', '🌎!']),
  minimum('conformance-0006', 'application/xml; charset=utf-8', '<msg>Hello, 🌎!</msg>', '<msg>Hello, 🌎!</msg>'),
  {
    what: 'sends the event of yaml/v1.yaml in binary mode, and it arrives',
    head: [...inHeaders(extended), 'User-Agent: foo', 'Content-Type: application/json'],
    body: '{"world":"hello"}\n',
    attributes: { ...extended, datacontenttype: 'application/json' },
    data: { world: 'hello' },
  },
  {
    what: 'sends the event of yaml/v1.yaml in structured mode, and it arrives',
    head: ['User-Agent: foo', 'Content-Type: application/cloudevents+json'],
    body: JSON.stringify({ ...extended, data: { world: 'hello' } }),
    attributes: extended,
    data: { world: 'hello' },
  },
]

describe('the CloudEvents conformance scenarios', () => {
  const trial = tabulate('conformance')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  for (const { what, head, body, attributes, data } of [...bindingScenarios, ...yamlScenarios]) {
    trial({
      client,
      what,
      arrives: { status: 202, event: { ...attributes, data } },
      act: async () => {
        const { length } = await rig.settle()
        const status = await send(rig.port, head, body)
        // Events between two settlings belong to this scenario: ids occur several times.
        const [event] = (await rig.settle()).slice(length)
        // The gateway adds attributes, such as a time. The scenarios name the attributes that they check.
        return { status, event: Object.fromEntries([...Object.keys(attributes), 'data'].map((name) => [name, event?.[name]])) }
      },
    })
  }
})

/** Sends a request with an audience, which the scenarios lack. @returns the status of the answer */
async function send(port: number, head: readonly string[], body: string): Promise<number> {
  const isStructured = head.some((line) => line.startsWith('Content-Type: application/cloudevents+json'))
  const audience = JSON.stringify({ users: ['u1'] })
  const bytes = Buffer.from(isStructured ? body.replace('{', `{"audience": ${audience}, `) : body)
  const lines = [
    'POST /api/chrome-service/v1/events HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    ...head,
    ...(isStructured ? [] : [`ce-audience: ${audience}`]),
    `Content-Length: ${bytes.length}`,
    'Connection: close',
  ]
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.end(bytes)
  let answer = ''
  for await (const chunk of socket) answer += (chunk as Buffer).toString('latin1')
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
}
