import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundleClient } from '../../scripts/build/client.ts'
import { pageScript } from '../../testing/engines/page-script.ts'

/** Serves a page of another origin than the gateway's, which receives events with the client as npm has it. */
export interface AppServer {
  /** Returns the page's URL. */
  url(options: AppOptions): string
  /** A page without the client. */
  readonly elsewhere: string
  stop(): Promise<void>
}

export interface AppOptions {
  readonly transport: 'auto' | 'websocket' | 'sse'
  readonly credentials: 'token' | 'cookie'
}

/** What the page has seen, as `globalThis.seen`. */
export interface Seen {
  readonly events: readonly string[]
  readonly gaps: readonly string[]
  /** State of the connection. */
  readonly state: string
  /** Transport while the connection is open. */
  readonly transport: string
}

/** The app keeps its cursor over a reload, and asks its own server for tokens. */
const app = `
import { connect } from '/carillon-client.js'
const { gateway, transport, credentials } = Object.fromEntries(new URLSearchParams(location.search))
const seen = globalThis.seen = { events: [], gaps: [], state: '', transport: '' }
const fetchToken = async () => {
  const response = await fetch('/token')
  if (!response.ok) throw new Error('no token: ' + response.status)
  return response.text()
}
if (credentials === 'cookie') document.cookie = 'cs_jwt=' + await fetchToken() + '; path=/; SameSite=Strict'
connect({
  channel: 'chrome-service',
  base: gateway,
  transport,
  token: credentials === 'token' ? fetchToken : undefined,
  maxBackoffMs: 2000,
  storage: sessionStorage,
  onEvent: ({ type }) => seen.events.push(type),
  onGap: ({ reason }) => seen.gaps.push(reason),
  onStateChange: (state) => Object.assign(seen, { state: state.kind, transport: state.transport ?? '' }),
})
`

/** @param gateway origin of the gateway @param token returns a token that it accepts */
export async function startAppServer(gateway: string, token: () => Promise<string>): Promise<AppServer> {
  const page = '<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,"><script src="/page-script.js"></script>'
  const files: Readonly<Record<string, readonly [string, string | Uint8Array]>> = {
    '/': ['text/html', `${page}<script type="module" src="/app.js"></script></html>`],
    '/elsewhere': ['text/html', `${page}</html>`],
    '/app.js': ['text/javascript', app],
    '/page-script.js': ['text/javascript', pageScript],
    '/carillon-client.js': ['text/javascript', (await bundleClient()).code],
  }
  // docs/browser.md, section 6.
  const policy = `default-src 'self'; img-src data:; connect-src 'self' ${gateway} ${gateway.replace('http', 'ws')}`
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    const [contentType, body] = pathname === '/token' ? ['text/plain', await token()] : (files[pathname] ?? [])
    if (contentType === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': contentType, 'content-security-policy': policy }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    url: (options) => `${origin}/?${new URLSearchParams({ gateway, ...options }).toString()}`,
    elsewhere: `${origin}/elsewhere`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
