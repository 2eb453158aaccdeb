import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { readKeys, type ServerEnvironment } from './environment.ts'

/** What somebody who builds on `ws` or Socket.IO writes around it: tokens are verified, and a backend posts events. */

/** @returns the user of a token, or null when it is none of ours */
export function createVerifier(environment: ServerEnvironment): (token: string) => Promise<string | null> {
  const keys = createLocalJWKSet(JSON.parse(readKeys(environment)) as JSONWebKeySet) // the rig's own file
  const { issuer, audience } = environment
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['ES256'] })
      return payload.sub ?? null
    } catch {
      // Whatever is wrong with it: nobody.
      return null
    }
  }
}

/** `POST /publish` takes JSON for everybody, or with `?user=` for one. Everything else is 404. */
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
