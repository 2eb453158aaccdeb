import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real HTTP server in place of an issuer's JWKS endpoint. */
export interface JwksServer {
  readonly uri: string
  /** Number of requests. */
  readonly requests: number
  /** Response to later requests. */
  answer(how: (response: ServerResponse) => void): void
  publish(...keys: readonly object[]): void
  stop(): Promise<void>
}

export async function startJwksServer(): Promise<JwksServer> {
  let requests = 0
  let how = (response: ServerResponse): void => void response.writeHead(404).end()
  const server = createServer((_, response) => {
    requests += 1
    how(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // The server listens on TCP, so its address has this type.
  const { port } = server.address() as AddressInfo
  const answer = (next: typeof how): void => {
    how = next
  }
  return {
    uri: `http://127.0.0.1:${port}/jwks`,
    get requests() {
      return requests
    },
    answer,
    publish: (...keys) =>
      answer((response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
