/** Emits events over kept connections, as cheaply as can be: requests are made before, but for the id of each event. Started by `startChild`. */
import { connect, type Socket } from 'node:net'
import type { EmitPathTarget } from '../subjects/emit-path.ts'
import { answerCalls } from './calls.ts'

/** Calls that this process answers. */
export interface EmitLoadCalls extends Record<string, (parameter: never) => unknown> {
  /** Opens connections to a server. */
  open(parameter: { readonly target: EmitPathTarget; readonly connections: number }): Promise<void>
  /** Sends requests over all connections to the port: the next one on a connection when the last one is answered. */
  emit(parameter: { readonly port: number; readonly way: EmitWay; readonly requests: number }): Promise<void>
}

export type EmitWay = 'emit-message' | 'events'

interface Opened {
  readonly target: EmitPathTarget
  readonly sockets: readonly Socket[]
}

const servers = new Map<number, Opened>()
let sent = 0

const calls: EmitLoadCalls = {
  open: async ({ target, connections }) => {
    const sockets = await Promise.all(Array.from({ length: connections }, () => opened(target.port)))
    servers.set(target.port, { target, sockets })
  },
  emit: async ({ port, way, requests }) => {
    const server = servers.get(port)
    if (server === undefined) throw new Error(`no connection to the port ${port} is open`)
    let left = requests
    const next = (): boolean => (left -= 1) >= 0
    const rest = stayAwake()
    try {
      await Promise.all(server.sockets.map((socket) => sendAll(socket, requestOf(server.target, way), next)))
    } finally {
      rest()
    }
  },
}

/**
 * Keeps this process busy. A server's write to a sleeping process costs the server ten microseconds more, and only a slow server would
 * find this one asleep.
 */
function stayAwake(): () => void {
  let isAwake = true
  const spin = (): void => {
    if (isAwake) setImmediate(spin)
  }
  spin()
  return () => void (isAwake = false)
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.on('error', reject)
  })
}

/** An id of fixed length, which is replaced in each request. */
const anyId = 'bench-000000000000'

/** Each request has an event of 0.5 KB. */
function requestOf({ api, token }: EmitPathTarget, way: EmitWay): Buffer {
  const type = 'com.example.bench'
  const data = { number: 17, isNew: true, fill: 'x'.repeat(360) }
  const [mediaType, event] =
    way === 'events'
      ? ['cloudevents+json', { specversion: '1.0', id: anyId, source: '/bench', type, audience: { users: ['nobody'] }, data }]
      : ['json', { id: anyId, type, users: ['nobody'], payload: data }]
  const body = JSON.stringify(event)
  const head = [
    `POST ${api}/${way} HTTP/1.1`,
    'Host: carillon.example.com',
    `Authorization: Bearer ${token}`,
    `Content-Type: application/${mediaType}`,
    `Content-Length: ${body.length}`,
    'Accept: */*',
    'User-Agent: bench',
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Sends requests until there is no next one. @throws Error when one of them is refused */
function sendAll(socket: Socket, request: Buffer, next: () => boolean): Promise<void> {
  const idAt = request.indexOf(anyId) + 'bench-'.length
  return new Promise((resolve, reject) => {
    const end = (error: Error | null): void => {
      socket.removeAllListeners('data').removeAllListeners('close')
      if (error === null) resolve()
      else reject(error)
    }
    const send = (): void => {
      if (!next()) return end(null)
      sent += 1
      request.write(String(sent).padStart(12, '0'), idAt, 'latin1')
      socket.write(Buffer.from(request))
    }
    socket.once('close', () => end(new Error('the server closed a connection')))
    // Each answer is smaller than a segment, and comes whole.
    socket.on('data', (answer: Buffer) => {
      if (answer.toString('latin1', 9, 12) === '202') send()
      else end(new Error(`the server answered ${answer.toString('latin1', 0, 400)}`))
    })
    send()
  })
}

answerCalls(calls)
