import { afterEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

/** Events as they come in by each door of a whole gateway, and as a browser gets them over each transport. */

const running: TestGateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

const everybody = '{"broadcast":true}'
const required = { specversion: '1.0', source: '/s', type: 't', time: '2026-01-31T12:00:00Z' }
const structured = 'application/cloudevents+json'

interface Door {
  readonly name: string
  /** Sends the event, and does not come back before the log has it. */
  send(gateway: TestGateway, event: object): Promise<void>
}

async function post(gateway: TestGateway, body: string, headers: Record<string, string>): Promise<void> {
  const answer = await fetch(`${gateway.url}/api/chrome-service/v1/events`, { method: 'POST', headers, body: Buffer.from(body) })
  expect([answer.status, await answer.text()]).toEqual([202, expect.any(String)])
}

const asJson = (event: object): string => JSON.stringify({ ...event, audience: everybody })
const doors: readonly Door[] = [
  { name: 'a structured request', send: (gateway, event) => post(gateway, asJson(event), { 'content-type': structured }) },
  {
    name: 'a batch',
    send: (gateway, event) => post(gateway, `[${asJson(event)}]`, { 'content-type': 'application/cloudevents-batch+json' }),
  },
  {
    name: 'a structured record',
    send: async (gateway, event) => gateway.log.append([{ partition: 0, value: asJson(event), headers: { 'content-type': structured } }]),
  },
]

/** The first events that clients get, over both transports the same, without their cursors. */
async function received(gateway: TestGateway, count: number, send: () => Promise<void>): Promise<readonly unknown[]> {
  const token = await gateway.token({ user_id: 'ann' })
  const socket = await openSocket(gateway.socketUrl, { token })
  const stream = await fetch(`${gateway.url}/api/chrome-service/v1/events`, { headers: { authorization: `Bearer ${token}` } })
  await send()
  const messages = await socket.until(count)
  let text = ''
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk).toString()
    if ([...text.matchAll(/^data: .*\n\n/gm)].length >= count) break
  }
  const withoutCursor = ({ cursor, ...event }: Readonly<Record<string, unknown>>): unknown => (typeof cursor === 'string' ? event : cursor)
  const overSocket = messages.map(withoutCursor)
  const overStream = [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => withoutCursor(JSON.parse(json)))
  expect(new Set(overStream)).toEqual(new Set(overSocket))
  return overSocket
}

async function start(): Promise<TestGateway> {
  const gateway = await startTestGateway()
  running.push(gateway)
  return gateway
}

describe('an event', () => {
  it.each(doors)('keeps the types of its extensions, bytes as bytes, and empty data, when it comes by $name', async ({ send }) => {
    const events = [
      { id: 'types', priority: 5, urgent: false, big: -2_147_483_648, text: '5', data: 1, datacontenttype: 'application/json' },
      { id: 'bytes', data_base64: 'AAH/' },
      { id: 'json-as-bytes', data_base64: 'MQ==' },
      { id: 'no-json', datacontenttype: 'application/json', data_base64: 'AA==' },
      { id: 'empty-text', datacontenttype: 'text/plain', data: '' },
      { id: 'empty-bytes', data_base64: '' },
      { id: 'nothing' },
    ].map((event) => ({ ...required, ...event }))
    const gateway = await start()
    const got = await received(gateway, events.length, async () => {
      for (const event of events) await send(gateway, event)
    })
    expect(new Set(got)).toEqual(new Set(events)) // in no order: they have no key
  })

  it('in binary mode has texts as extensions, and data that fit its content type, as a request and as a record', async () => {
    const gateway = await start()
    const headers = { specversion: '1.0', source: '/s', type: 't', time: '2026-01-31T12:00:00Z', audience: everybody, priority: '5' }
    const inRecord = (id: string, value: string | null, contentType: object = {}) =>
      gateway.log.append([
        {
          partition: 0,
          value,
          headers: {
            ...contentType,
            ...Object.fromEntries(Object.entries({ ...headers, id }).map(([name, given]) => [`ce_${name}`, given])),
          },
        },
      ])
    const inRequest = (id: string, body: string, contentType: object = {}) =>
      post(gateway, body, {
        ...contentType,
        ...Object.fromEntries(Object.entries({ ...headers, id }).map(([name, given]) => [`ce-${name}`, given])),
      })
    const got = await received(gateway, 7, async () => {
      inRecord('record-text', 'hello')
      inRecord('record-empty', '', { 'content-type': 'text/plain' })
      inRecord('record-null', null, { 'content-type': 'text/plain' })
      await inRequest('request-text', 'hello')
      await inRequest('request-json', '{"a":1}')
      await inRequest('request-empty', '', { 'content-type': 'text/plain' })
      await inRequest('request-none', '')
    })
    const common = { ...required, priority: '5' }
    const typed = { ...common, datacontenttype: 'text/plain' }
    expect(new Set(got)).toEqual(
      new Set([
        { ...common, id: 'record-text', data_base64: 'aGVsbG8=' },
        { ...typed, id: 'record-empty', data: '' },
        { ...typed, id: 'record-null' },
        { ...common, id: 'request-text', data_base64: 'aGVsbG8=' },
        { ...common, id: 'request-json', data: { a: 1 } },
        { ...typed, id: 'request-empty', data: '' },
        { ...common, id: 'request-none' },
      ]),
    )
  })

  it('of another producer that has a cursor is delivered with that of the gateway in its place', async () => {
    const gateway = await start()
    const got = await received(gateway, 1, async () =>
      gateway.log.append([
        { partition: 0, value: asJson({ ...required, id: '1', cursor: 'mine' }), headers: { 'content-type': structured } },
      ]),
    )
    expect(got).toEqual([{ ...required, id: '1' }])
    const answer = await fetch(`${gateway.url}/api/chrome-service/v1/events`, {
      method: 'POST',
      headers: { 'content-type': structured },
      body: asJson({ ...required, id: '2', cursor: 'mine' }),
    })
    expect([answer.status, (await answer.json()).errors]).toEqual([
      400,
      [{ attribute: 'cursor', detail: expect.stringContaining('gateways write it') }],
    ])
  })
})
