import { WebSocket } from 'ws'

/** A WebSocket client that records its messages, and can be waited on. */
export interface TestSocket {
  readonly messages: readonly TestEvent[]
  /** Ids of events; control events by their type behind a `!`. */
  readonly ids: readonly string[]
  readonly protocol: string
  /** Resolves when this number of messages has come. */
  until(count: number): Promise<readonly TestEvent[]>
  /** Resolves when the condition holds, checked after each message. */
  untilReceived(what: string): Promise<void>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** Pauses reading: the peer's bytes stay in the kernel. */
  pause(): void
  resume(): void
  send(data: string | Buffer): void
  close(): void
  /** Cuts the connection without a close frame. */
  terminate(): void
}

export interface TestEvent {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
  readonly data?: unknown
  readonly cursor?: string
  readonly [extension: string]: unknown
}

export interface TestSocketOptions {
  readonly token?: string
  readonly cookie?: string
  readonly authorization?: string
  readonly origin?: string
  readonly cursor?: string
  /** Text of the parameter `filters`, before encoding. */
  readonly filters?: string
  readonly ticket?: string
  /** @default ['cloudevents.json'] */
  readonly protocols?: readonly string[]
}

/**
 * Opens a connection.
 * @throws a `RefusedError` when the handshake is answered by anything but 101
 */
export async function openSocket(url: string, options: TestSocketOptions = {}): Promise<TestSocket> {
  const protocols = [...(options.protocols ?? ['cloudevents.json']), ...(options.token === undefined ? [] : [`bearer.${options.token}`])]
  const query = [
    ...(options.cursor === undefined ? [] : [`cursor=${options.cursor}`]),
    ...(options.ticket === undefined ? [] : [`ticket=${encodeURIComponent(options.ticket)}`]),
    ...(options.filters === undefined ? [] : [`filters=${encodeURIComponent(options.filters)}`]),
  ]
  const target = query.length === 0 ? url : `${url}?${query.join('&')}`
  const headers: Record<string, string> = {}
  if (options.cookie !== undefined) headers.cookie = options.cookie
  if (options.authorization !== undefined) headers.authorization = options.authorization
  const socket = new WebSocket(target, protocols, { headers, ...(options.origin === undefined ? {} : { origin: options.origin }) })
  const messages: TestEvent[] = []
  const waiting = new Set<() => void>()
  // A gateway sends CloudEvents only. The tests check their content.
  socket.on('message', (text) => {
    messages.push(JSON.parse(String(text)) as TestEvent)
    for (const look of waiting) look()
  })
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  )
  await opened(socket)
  const ids = (): readonly string[] =>
    messages.map(({ id, type }) => (type.startsWith('dev.carillon.') ? type.replace('dev.carillon.', '!') : id))
  const when = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    messages,
    get ids() {
      return ids()
    },
    protocol: socket.protocol,
    until: async (count) => {
      await when(() => messages.length >= count)
      return messages
    },
    untilReceived: (what) => when(() => ids().includes(what)),
    closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    send: (data) => socket.send(data),
    close: () => socket.close(),
    terminate: () => socket.terminate(),
  }
}

/** The handshake was answered by HTTP. */
export class RefusedError extends Error {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>

  constructor(status: number, body: string, headers: Readonly<Record<string, unknown>>) {
    super(`refused with ${status}: ${body}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk) => (body += String(chunk)))
      response.on('end', () => reject(new RefusedError(response.statusCode ?? 0, body, response.headers)))
    })
  })
}
