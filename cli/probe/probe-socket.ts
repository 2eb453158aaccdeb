import { createHash, randomBytes } from 'node:crypto'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import { causeOf } from '../cause-of.ts'
import { bodyOf, type HttpAnswer, noAnswer } from './probe-http.ts'
import { clientFrame, createFrameReader, type Frame } from './read-frames.ts'

export interface UpgradeRequest {
  readonly url: URL
  /** Offered subprotocols. None: the header is left out. */
  readonly protocols: readonly string[]
  /** More headers, which replace those of the handshake. */
  readonly headers?: Readonly<Record<string, string>>
  readonly origin: string | null
  readonly timeoutMs: number
  readonly interrupted: AbortSignal
}

/** The outcome of an upgrade, with the whole answer. A WebSocket of Node.js or a browser does not show it. */
export type UpgradeOutcome =
  | { readonly kind: 'opened'; readonly socket: ProbeSocket; readonly subprotocol: string | null; readonly isKeyRight: boolean }
  | ({ readonly kind: 'answered' } & HttpAnswer)
  | { readonly kind: 'silent'; readonly reason: string }

export interface ProbeSocket {
  /** Returns the first frame that `isWanted` accepts, an end included, and removes the frames before it. Null: none came in time. */
  next(isWanted: (frame: Frame) => boolean, timeoutMs: number): Promise<Frame | null>
  /** Sends one message or control frame. */
  send(opcode: number, payload: Buffer): void
  close(): void
}

/** Frames that wait for `next`. Older ones are dropped: a busy channel sends more than a check reads. */
const maxFrames = 1_000
/** Limit on what those frames hold together. One message may be larger, and is then the only one. */
const maxHeldBytes = 16 * 1024 * 1024
/** Fixed by RFC 6455. */
const handshakeGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export function upgrade({ url, protocols, headers: more = {}, origin, timeoutMs, interrupted }: UpgradeRequest): Promise<UpgradeOutcome> {
  const key = randomBytes(16).toString('base64')
  const timeout = new AbortController()
  const stop = (): void => timeout.abort()
  const timer = setTimeout(stop, timeoutMs)
  interrupted.addEventListener('abort', stop)
  const settled = (): void => {
    clearTimeout(timer)
    interrupted.removeEventListener('abort', stop)
  }
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    ...(protocols.length === 0 ? {} : { 'sec-websocket-protocol': protocols.join(', ') }),
    ...(origin === null ? {} : { origin }),
    ...more,
  }
  return new Promise<UpgradeOutcome>((resolve) => {
    const send = url.protocol === 'wss:' ? requestHttps : requestHttp
    const sent = send(url.href.replace(/^ws/, 'http'), { headers, agent: false, signal: timeout.signal })
    sent.once('upgrade', (response, stream, head) =>
      resolve({
        kind: 'opened',
        socket: createProbeSocket(stream, head),
        subprotocol: response.headers['sec-websocket-protocol'] ?? null,
        isKeyRight:
          response.headers['sec-websocket-accept'] ===
          createHash('sha1')
            .update(key + handshakeGuid)
            .digest('base64'),
      }),
    )
    sent.once('response', (response) => void readAnswer(response).then(resolve))
    sent.on('error', (error) => resolve({ kind: 'silent', reason: timeout.signal.aborted ? noAnswer({ timeoutMs }) : causeOf(error) }))
    sent.end()
  }).finally(settled)
}

async function readAnswer(response: IncomingMessage): Promise<UpgradeOutcome> {
  try {
    return { kind: 'answered', ...(await bodyOf(response)) }
  } catch (error) {
    // Cut in between, or too slow.
    return { kind: 'silent', reason: causeOf(error) }
  }
}

function createProbeSocket(stream: Duplex, head: Buffer): ProbeSocket {
  const frames: Frame[] = []
  let heldBytes = 0
  const read = createFrameReader()
  const shift = (): Frame | undefined => {
    const frame = frames.shift()
    heldBytes -= sizeOf(frame)
    return frame
  }
  const isTooMuch = (): boolean => frames.length > maxFrames || (heldBytes > maxHeldBytes && frames.length > 1)
  let look = (): void => {}
  const take = (frame: Frame): void => {
    // A server that sends pings and reads no pongs must not fill the memory.
    if (frame.kind === 'ping' && stream.writable && !stream.writableNeedDrain) stream.write(clientFrame(0xa, frame.payload, randomBytes(4)))
    // Nothing after it can be read.
    if (frame.kind === 'end') stream.destroy()
    frames.push(frame)
    heldBytes += sizeOf(frame)
    while (isTooMuch()) shift()
    look()
  }
  stream.on('data', (chunk: Buffer) => read(chunk).forEach(take))
  stream.on('error', (error) => take({ kind: 'end', reason: causeOf(error) }))
  stream.on('close', () => take({ kind: 'end', reason: 'The connection was cut.' }))
  if (head.length > 0) read(head).forEach(take)
  return {
    next: (isWanted, timeoutMs) =>
      new Promise((resolve) => {
        const finish = (frame: Frame | null): void => {
          clearTimeout(timer)
          look = () => {}
          resolve(frame)
        }
        const timer = setTimeout(() => finish(null), timeoutMs)
        look = () => {
          for (let frame = shift(); frame !== undefined; frame = shift()) {
            const isLast = frame.kind === 'close' || frame.kind === 'end'
            // The end stays for the next question.
            if (isLast) {
              frames.unshift(frame)
              heldBytes += sizeOf(frame)
            }
            if (isLast || isWanted(frame)) return finish(frame)
          }
        }
        look()
      }),
    send: (opcode, payload) => {
      if (stream.writable) stream.write(clientFrame(opcode, payload, randomBytes(4)))
    },
    close: () => {
      if (stream.writable) stream.end(clientFrame(0x8, Buffer.from([0x03, 0xe8]), randomBytes(4)))
      stream.destroy()
    },
  }
}

function sizeOf(frame: Frame | undefined): number {
  if (frame?.kind === 'text') return frame.text.length
  return frame?.kind === 'binary' ? frame.payload.length : 0
}
