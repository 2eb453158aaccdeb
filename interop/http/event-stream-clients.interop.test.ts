import { afterAll, beforeAll, describe } from 'vitest'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { curlStream, type ForeignProgram, javaProgram, nodeProgram, pythonProgram, startForeign } from './testing/foreign-client.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { audience, checkMessages, lastEvent, sampleEvents } from './testing/sample-events.ts'
import { type Client, tabulate } from './testing/trials.ts'
import { toolVersion, versionOf } from './versions.ts'

interface StreamClient extends Client {
  /** Way to reconnect after a cut, for the title. */
  readonly how: string
  /** Header of the first request; null: none. */
  readonly cursor: 'latest' | null
  readonly program: (url: string, token: string) => ForeignProgram
}

const clients: readonly StreamClient[] = [
  {
    name: 'eventsource',
    version: versionOf('eventsource'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => nodeProgram('eventsource.mjs', [url, token]),
  },
  {
    name: 'event-source-polyfill',
    version: versionOf('event-source-polyfill'),
    how: 'with lastEventId',
    cursor: null,
    program: (url, token) => nodeProgram('event-source-polyfill.mjs', [url, token]),
  },
  {
    name: 'event-source-polyfill',
    version: versionOf('event-source-polyfill'),
    how: 'with lastEventId beside an older cursor',
    cursor: 'latest',
    program: (url, token) => nodeProgram('event-source-polyfill.mjs', [url, token]),
  },
  {
    name: 'event-source-polyfill',
    version: versionOf('event-source-polyfill'),
    how: 'with its option for the query parameter cursor',
    cursor: null,
    program: (url, token) => nodeProgram('event-source-polyfill.mjs', [url, token, '{"lastEventIdQueryParameterName":"cursor"}']),
  },
  {
    name: '@microsoft/fetch-event-source',
    version: versionOf('@microsoft/fetch-event-source'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => nodeProgram('fetch-event-source.mjs', [url, token]),
  },
  {
    name: 'undici EventSource',
    version: versionOf('undici'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => nodeProgram('undici-eventsource.mjs', [url, token]),
  },
  {
    name: 'httpx-sse',
    version: versionOf('httpx-sse'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => pythonProgram('httpx_sse_client.py', [url, token]),
  },
  {
    name: 'sseclient-py',
    version: versionOf('sseclient-py'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => pythonProgram('sseclient_client.py', [url, token]),
  },
  {
    name: 'Java HttpClient',
    version: toolVersion('java'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => javaProgram('stream', [url, token]),
  },
  {
    name: 'curl',
    version: toolVersion('curl'),
    how: 'with Last-Event-ID',
    cursor: null,
    program: (url, token) => curlStream([url, token]),
  },
]

/** Cuts the network between a client and the gateway, and emits an event during the cut. */
describe('clients of the event stream', () => {
  const trial = tabulate('event-stream-clients')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  const receive = async ({ program, cursor }: StreamClient): Promise<unknown> => {
    const proxy = await startTcpProxy(rig.port)
    const url = rig.eventsUrl.replace(`:${rig.port}/`, `:${proxy.port}/`)
    const client = startForeign(program(cursor === null ? url : `${url}?cursor=${cursor}`, rig.token))
    try {
      await client.until('open', 1)
      for (const event of sampleEvents) await rig.emit({ ...event, audience })
      // With `?cursor=` the first event is `dev.carillon.resumed`.
      const before = sampleEvents.length + (cursor === null ? 0 : 1)
      await client.until('message', before)
      await proxy.refuse()
      await proxy.hold()
      await rig.emit({ ...lastEvent, id: 'missed', type: 'interop.missed' })
      await rig.settle()
      await proxy.pass()
      // The missed event, that of `settle`, and `dev.carillon.resumed`: the last one must not be among the replayed ones.
      await client.until('message', before + 3)
      await rig.emit(lastEvent)
      await client.ended()
      return [
        ...checkMessages(client.texts('message').filter((text) => !text.includes('"interop.settled"'))),
        ...client.texts('empty').map(() => 'a message without data'),
      ]
    } finally {
      await client.kill()
      await proxy.close()
    }
  }

  for (const each of clients) {
    trial({
      client: each,
      what: `receives each event, is cut off, comes back ${each.how}, and misses nothing`,
      arrives: [...(each.cursor === null ? [] : ['!resumed']), ...sampleEvents.map(({ id }) => id), 'missed', '!resumed', 'last'],
      act: () => receive(each),
    })
  }

  const cutOffWith = (path: string, headers: Readonly<Record<string, string>>) => async (): Promise<unknown> => {
    const abort = new AbortController()
    const answer = await fetch(`${rig.eventsUrl}${path}`, {
      headers: { authorization: `Bearer ${rig.token}`, ...headers },
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(20_000)]),
    })
    if (answer.body === null) throw new Error('the answer has no body')
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body) {
      text += decoder.decode(chunk, { stream: true })
      if (!answer.ok || /^data: .*\n\n/ms.test(text)) break
    }
    abort.abort()
    const data = /^data: (.*)$/m.exec(text)?.[1] ?? '{}'
    const { type, data: said = {} } = JSON.parse(data) as {
      readonly type?: string
      readonly data?: { readonly reason?: string; readonly session?: string }
    }
    return { status: answer.status, type, reason: said.reason, hasSession: typeof said.session === 'string' }
  }
  const node = { name: 'fetch of Node.js', version: process.versions.node }
  const gap = { status: 200, type: 'dev.carillon.gap', reason: 'epoch', hasSession: true }

  trial({
    client: node,
    what: 'comes back with an invalid Last-Event-ID, and gets 200 and a gap',
    arrives: gap,
    act: cutOffWith('', { 'last-event-id': '42' }),
  })
  trial({
    client: node,
    what: 'comes back with an invalid lastEventId, and gets 200 and a gap',
    arrives: gap,
    act: cutOffWith('?lastEventId=42', {}),
  })
})
