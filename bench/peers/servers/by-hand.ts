import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/**
 * Code that an application adds to `ws` or Socket.IO, so that a backend can post events. `POST /publish` takes JSON for all users, or with
 * `?user=` for one. Everything else is 404.
 */
export function createPublishServer(key: string, publish: (event: unknown, user: string | null) => void): Server {
  return createServer((request, response) => {
    if (request.method !== 'POST' || request.url?.startsWith('/publish') !== true) return end(response, 404)
    if (request.headers.authorization !== `Bearer ${key}`) return end(response, 401)
    const user = new URL(request.url, 'http://localhost').searchParams.get('user')
    readBody(request, (body) => {
      publish(JSON.parse(body), user)
      end(response, 202)
    })
  })
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => void chunks.push(chunk))
  request.on('end', () => done(Buffer.concat(chunks).toString()))
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end()
}
