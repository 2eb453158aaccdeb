import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A TCP client without HTTP of its own, for bytes that `fetch` would never send, and for readers that stall. */
export interface RawClient {
  readonly socket: Socket
  send(bytes: string | Buffer): void
  /** All bytes received so far. */
  received(): string
  /** Resolves with all that was received once it contains `text`. */
  until(text: string): Promise<string>
  /** Resolves with all that was received once the server has ended the connection, in any way. */
  ended(): Promise<string>
}

export interface RawClientOptions {
  /** True: the client does not read until its socket is resumed. */
  readonly paused?: boolean
  /** True: the client does not end its side when the server has ended its own. */
  readonly allowHalfOpen?: boolean
}

export async function connectRaw(port: number, { paused = false, allowHalfOpen = false }: RawClientOptions = {}): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen })
  let text = ''
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {}) // a reset is an end, too
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    socket.emit('text')
  })
  if (paused) socket.pause()
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    received: () => text,
    until: async (wanted) => {
      // The last bytes count as well: they are searched after the end, too.
      while (!text.includes(wanted)) {
        const isOver = await Promise.race([once(socket, 'text').then(() => false), over.then(() => true)])
        if (isOver && !text.includes(wanted)) throw new Error(`not received: ${JSON.stringify(wanted)}; but: ${JSON.stringify(text)}`)
      }
      return text
    },
    ended: () => over.then(() => text),
  }
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
export const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)
