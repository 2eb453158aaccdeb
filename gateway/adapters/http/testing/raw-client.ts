import { connect, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** A TCP client that speaks no HTTP of its own, for what `fetch` would never send, and for readers that stall. */
export interface RawClient {
  readonly socket: Socket
  send(bytes: string | Buffer): void
  /** All that was received so far. */
  received(): string
  /** Resolves with all that was received once it contains `text`. */
  until(text: string): Promise<string>
  /** Resolves with all that was received, once the server has ended the connection, by whatever means. */
  ended(): Promise<string>
}

/** @param options.paused the client does not read until its socket is resumed */
export async function connectRaw(port: number, { paused = false }: { readonly paused?: boolean } = {}): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' })
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
      while (!text.includes(wanted)) await Promise.race([new Promise<void>((resolve) => socket.once('text', () => resolve())), over.then(() => fail(wanted, text)), after(20_000).then(() => fail(wanted, text))])
      return text
    },
    ended: () => over.then(() => text),
  }
}

function fail(wanted: string, text: string): never {
  if (text.includes(wanted)) return undefined as never // it came with the last bytes: the loop sees it
  throw new Error(`${JSON.stringify(wanted)} did not arrive; what did: ${JSON.stringify(text.slice(-2000))}`)
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
export const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)
