import { afterAll, beforeAll, describe } from 'vitest'
import { type ForeignProgram, goProgram, javaProgram, nodeProgram, pythonProgram, startForeign } from './testing/foreign-client.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { audience, checkMessages, lastEvent, sampleEvents } from './testing/sample-events.ts'
import { type Client, tabulate } from './testing/trials.ts'
import { toolVersion, versionOf } from './versions.ts'

interface SocketClient extends Client {
  /** Options of the client, for the title. */
  readonly how: string
  readonly program: (at: { readonly url: string; readonly origin: string; readonly token: string }) => ForeignProgram
}

const clients: readonly SocketClient[] = [
  {
    name: 'websockets',
    version: versionOf('websockets'),
    how: 'with the token in a header',
    program: ({ url, token }) => pythonProgram('websockets_client.py', [url, token, 'header']),
  },
  {
    name: 'websockets',
    version: versionOf('websockets'),
    how: 'with the token as a subprotocol and with an Origin',
    program: ({ url, token, origin }) => pythonProgram('websockets_client.py', [url, token, origin]),
  },
  {
    name: 'aiohttp',
    version: versionOf('aiohttp'),
    how: 'with compression offered and a ping',
    program: ({ url, token }) => pythonProgram('aiohttp_client.py', [url, token]),
  },
  {
    name: 'gorilla/websocket',
    version: versionOf('github.com/gorilla/websocket'),
    how: 'with compression offered',
    program: ({ url, token }) => goProgram('gorilla', [url, token]),
  },
  {
    name: 'coder/websocket',
    version: versionOf('github.com/coder/websocket'),
    how: 'with compression offered',
    program: ({ url, token }) => goProgram('coder', [url, token]),
  },
  {
    name: 'undici WebSocket',
    version: versionOf('undici'),
    how: 'with the token as a subprotocol',
    program: ({ url, token }) => nodeProgram('undici-websocket.mjs', [url, token, 'cloudevents.json']),
  },
  {
    name: 'ws',
    version: versionOf('ws'),
    how: 'with the token as a subprotocol',
    program: ({ url, token }) => nodeProgram('ws.mjs', [url, token, 'cloudevents.json']),
  },
  {
    name: 'Java HttpClient',
    version: toolVersion('java'),
    how: 'with the token in a header',
    program: ({ url, token }) => javaProgram('websocket', [url, token]),
  },
]

describe('WebSocket clients', () => {
  const trial = tabulate('websocket-clients')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  const at = (): Parameters<SocketClient['program']>[0] => ({ url: `${rig.socketUrl}?cursor=latest`, origin: rig.url, token: rig.token })

  const receive = async (program: ForeignProgram): Promise<unknown> => {
    const client = startForeign(program)
    try {
      // `dev.carillon.resumed`: from here on it gets every event.
      await client.until('message', 1)
      for (const event of sampleEvents) await rig.emit({ ...event, audience })
      await rig.emit(lastEvent)
      await client.ended()
      return {
        open: client.texts('open').map((text) => JSON.parse(text) as unknown),
        messages: checkMessages(client.texts('message')),
        close: client.texts('close').map((text) => JSON.parse(text) as unknown),
      }
    } finally {
      await client.kill()
    }
  }

  for (const { how, program, ...client } of clients) {
    trial({
      client,
      what: `connects ${how}, receives each event unchanged, and closes cleanly`,
      arrives: {
        open: [{ protocol: 'cloudevents.json' }],
        messages: ['!resumed', ...sampleEvents.map(({ id }) => id), 'last'],
        close: [{ code: 1000 }],
      },
      act: () => receive(program(at())),
    })
  }

  /** Error of a client after a handshake that offers only the token. */
  const offerOnlyToken = async (script: string): Promise<Readonly<Record<string, readonly string[]>>> => {
    const client = startForeign(nodeProgram(script, [rig.socketUrl, rig.token]))
    await client.ended().finally(() => client.kill())
    return { open: client.texts('open'), refused: client.texts('refused') }
  }

  trial({
    client: { name: 'ws', version: versionOf('ws') },
    what: 'offers only the subprotocol with the token, and is refused with 400 and the remedy',
    arrives: { open: [], status: 400, hasRemedy: true },
    act: async () => {
      const { open, refused } = await offerOnlyToken('ws.mjs')
      // The program writes the status and body of a refusal.
      const { status, body } = JSON.parse(refused?.[0] ?? '{}') as { readonly status?: number; readonly body?: string }
      return { open, status, hasRemedy: body?.includes('cloudevents.json') }
    },
  })

  trial({
    client: { name: 'undici WebSocket', version: versionOf('undici') },
    what: 'offers only the subprotocol with the token, and gets an error and no session',
    arrives: { open: [], refused: ['{}'] },
    act: () => offerOnlyToken('undici-websocket.mjs'),
  })
})
