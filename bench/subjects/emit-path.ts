/** A server that takes events over HTTP: the gateway as in production but for its log, which is in the process, or a server that does less. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { createGatewayAdapters } from '../../gateway/adapters.ts'
import { startGateway } from '../../gateway/gateway.ts'
import type { TokenKeys } from '../../gateway/testing/token-keys.ts'
import { answerCalls } from '../lib/calls.ts'
import { readOptions } from '../lib/core.ts'

/** Calls that this process answers. */
export interface EmitPathCalls extends Record<string, (parameter: never) => unknown> {
  start(parameter: { readonly kind: EmitServer; readonly issuer: TokenKeys['env'] }): Promise<EmitPathServer>
  /** Returns the microseconds of processor time that this process has taken. */
  cpuMicros(parameter: null): number
}

/**
 * - http: reads the body, parses its JSON and answers 202, on node:http
 * - fastify: does the same on fastify, without hooks
 * - carillon: the whole gateway
 */
export type EmitServer = 'http' | 'fastify' | 'carillon'

export interface EmitPathServer {
  readonly port: number
  /** Path of the API. */
  readonly api: string
}

export interface EmitPathTarget extends EmitPathServer {
  readonly token: string
}

const api = '/api/chrome-service/v1'

/** Longer than the measuring of all other servers takes. */
const keepAliveTimeout = 95_000

const servers: Readonly<Record<EmitServer, (issuer: TokenKeys['env']) => Promise<EmitPathServer>>> = {
  http: startHttp,
  fastify: startFastify,
  carillon: startCarillon,
}

async function startHttp(): Promise<EmitPathServer> {
  const server = createServer({ keepAliveTimeout }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly id: unknown } // the load sends an event
      const answer = JSON.stringify({ id })
      response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
      response.end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { api, port: (server.address() as AddressInfo).port } // it listens on a port
}

async function startFastify(): Promise<EmitPathServer> {
  const app = Fastify({ keepAliveTimeout, exposeHeadRoutes: false, return503OnClosing: false })
  app.addContentTypeParser('application/cloudevents+json', { parseAs: 'string' }, app.getDefaultJsonParser('ignore', 'ignore'))
  for (const path of ['emit-message', 'events'])
    app.post(`${api}/${path}`, async ({ body }, reply) => {
      const { id } = body as { readonly id: unknown } // the load sends an event
      return reply.code(202).send({ id })
    })
  const address = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  return { api, port: Number(address.port) }
}

/** @param issuer names the file of the keys, which is the benchmark's own */
async function startCarillon({ JWT_KEYS_FILE: jwtKeysFile = '', ...issuer }: TokenKeys['env']): Promise<EmitPathServer> {
  const read = readOptions({ PORT: '0', INTERNAL_PORT: '0', EMIT_RATE_PER_S: '1000000', EMIT_BURST: '1000000', ...issuer })
  const options = { ...read, jwtKeysFile, isDevelopment: false }
  const adapters = await createGatewayAdapters(options, { env: {}, version: '0.0.0' })
  const logger = { ...adapters.logger, info: () => {} }
  const gateway = await startGateway(options, { ...adapters, logger })
  while (!gateway.health.ready().ok) await sleep(10)
  return { api, port: gateway.ports.public }
}

const calls: EmitPathCalls = {
  start: ({ kind, issuer }) => servers[kind](issuer),
  cpuMicros: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
}

answerCalls(calls)
