import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundleClient } from '../../scripts/build/client.ts'

/** Serves a page whose tabs share a connection to a gateway of another origin. */
export interface TabsServer {
  /** Returns the page's URL. */
  url(options: TabOptions): string
  stop(): Promise<void>
}

export interface TabOptions {
  readonly transport: 'websocket' | 'sse'
  readonly user: string
  /** Without it, each tab has a connection of its own. */
  readonly share: boolean
}

/** What a tab has seen, as `globalThis.seen`. */
export interface SeenByTab {
  readonly events: readonly string[]
  readonly gaps: readonly string[]
  readonly errors: readonly string[]
  readonly state: string
  /** Count of the tab's own connections to the gateway. */
  readonly links: number
}

const app = `
import { connect } from '/carillon-share.js'
const { gateway, transport, user, share } = Object.fromEntries(new URLSearchParams(location.search))
const seen = globalThis.seen = { events: [], gaps: [], errors: [], state: '', links: 0 }
class CountedSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols)
    seen.links += 1
    this.addEventListener('close', () => (seen.links -= 1), { once: true })
  }
}
const countedFetch = async (url, init) => {
  if (init.method === 'POST') return fetch(url, init)
  seen.links += 1
  init.signal.addEventListener('abort', () => (seen.links -= 1), { once: true })
  return fetch(url, init)
}
globalThis.connection = connect({
  channel: 'chrome-service',
  base: gateway,
  transport,
  user,
  share: share === 'true',
  token: async () => (await fetch('/token?user=' + user)).text(),
  storage: sessionStorage,
  WebSocket: CountedSocket,
  fetch: countedFetch,
  onEvent: ({ type }) => seen.events.push(type),
  onGap: ({ reason }) => seen.gaps.push(reason),
  onError: (error) => seen.errors.push(String(error)),
  onStateChange: ({ kind }) => (seen.state = kind),
})
`

/** @param gateway origin of the gateway @param token returns a token of a user that it accepts */
export async function startTabsServer(gateway: string, token: (user: string) => Promise<string>): Promise<TabsServer> {
  const page =
    '<!doctype html><html lang="en"><title>Tab</title><link rel="icon" href="data:,"><script type="module" src="/app.js"></script></html>'
  const files: Readonly<Record<string, readonly [string, string | Uint8Array]>> = {
    '/': ['text/html', page],
    '/app.js': ['text/javascript', app],
    '/carillon-share.js': ['text/javascript', (await bundleClient('share')).code],
  }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const [contentType, body] =
      pathname === '/token' ? ['text/plain', await token(searchParams.get('user') ?? '')] : (files[pathname] ?? [])
    if (contentType === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': contentType }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    url: ({ share, ...options }) => `${origin}/?${new URLSearchParams({ gateway, share: String(share), ...options }).toString()}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
