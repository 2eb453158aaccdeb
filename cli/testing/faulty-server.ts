import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { createFrameReader, type Frame } from '../probe/read-frames.ts'

export interface FaultyRequest {
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  /** Names of the headers as they were sent. */
  readonly names: readonly string[]
  readonly body: Buffer
}

export interface FaultyAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One way in which a server breaks the rules. Each hook changes what passes between the client and a gateway that keeps them. */
export interface Fault {
  /** Changes a request or a handshake, or answers it in place of the gateway. */
  request?(request: FaultyRequest): FaultyRequest | FaultyAnswer
  /** Changes an answer. Of an event stream, the head alone. */
  answer?(answer: FaultyAnswer): FaultyAnswer
  /** Changes the head of an answer 101. */
  upgrade?(head: string): string
  /** Returns the messages in place of one text message of the WebSocket. */
  message?(text: string): readonly (string | Buffer)[]
  /** Returns the code in place of the one of a close frame. */
  closeCode?(code: number): number
  /** Returns the text in place of one block of the event stream. */
  block?(text: string): string
}

export interface FaultyServer {
  readonly port: number
  close(): Promise<void>
}

/** Starts a server with faults in front of a gateway. @param gatewayPort port on 127.0.0.1 */
export async function startFaultyServer(gatewayPort: number, fault: Fault): Promise<FaultyServer> {
  const sockets = new Set<Duplex>()
  const server = createServer((incoming, answer) => void serve(gatewayPort, fault, incoming, answer))
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => passUpgrade({ gatewayPort, fault, sockets }, incoming, socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readRequest(incoming: IncomingMessage): Promise<FaultyRequest> {
  const chunks: Buffer[] = []
  // Without an encoding, chunks are buffers.
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  return { ...headOf(incoming), body: Buffer.concat(chunks) }
}

function headOf({ url = '/', headers, rawHeaders }: IncomingMessage): FaultyRequest {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)] as const)
  return { target: url, headers: Object.fromEntries(texts), names: rawHeaders.filter((_, at) => at % 2 === 0), body: Buffer.alloc(0) }
}

async function serve(gatewayPort: number, fault: Fault, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
  const asked = await readRequest(incoming)
  const changed = fault.request?.(asked) ?? asked
  if ('status' in changed) return void answer.writeHead(changed.status, changed.headers).end(changed.body)
  const { 'transfer-encoding': _chunked, 'content-length': _length, connection: _connection, ...headers } = changed.headers
  const behind = requestHttp(
    { host: '127.0.0.1', port: gatewayPort, method: incoming.method, path: changed.target, headers },
    (response) => void sendAnswer(fault, response, answer),
  )
  behind.on('error', () => answer.destroy())
  answer.once('close', () => behind.destroy())
  behind.end(changed.body)
}

async function sendAnswer(fault: Fault, response: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { headers } = headOf(response)
  const { 'content-length': _length, 'transfer-encoding': _chunked, ...kept } = headers
  const status = response.statusCode ?? 502
  response.on('error', () => answer.destroy())
  if ((headers['content-type'] ?? '').startsWith('text/event-stream')) {
    const changed = fault.answer?.({ status, headers: kept, body: '' }) ?? { status, headers: kept }
    answer.writeHead(changed.status, changed.headers).flushHeaders()
    let rest = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const blocks = (rest + chunk).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) answer.write(`${fault.block?.(block) ?? block}\n\n`)
    })
    response.once('end', () => answer.end())
    return
  }
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += String(chunk)
  const whole = { status, headers: kept, body }
  const changed = fault.answer?.(whole) ?? whole
  answer.writeHead(changed.status, changed.headers).end(changed.body)
}

interface Way {
  readonly gatewayPort: number
  readonly fault: Fault
  /** Open connections. */
  readonly sockets: Set<Duplex>
}

function passUpgrade({ gatewayPort, fault, sockets }: Way, incoming: IncomingMessage, socket: Duplex): void {
  const asked = headOf(incoming)
  const changed = fault.request?.(asked) ?? asked
  if ('status' in changed) return void socket.end(`HTTP/1.1 ${changed.status} Faulty\r\nContent-Length: 0\r\n\r\n`)
  const behind = connect({ host: '127.0.0.1', port: gatewayPort })
  const head = Object.entries(changed.headers).map(([name, value]) => `${name}: ${value}\r\n`)
  behind.write(`GET ${changed.target} HTTP/1.1\r\n${head.join('')}\r\n`)
  for (const one of [behind, socket]) {
    sockets.add(one)
    // The end of one side ends the other.
    one.on('error', () => undefined)
    one.once('close', () => [behind, socket].forEach((each) => each.destroy()))
  }
  socket.pipe(behind)
  passFrames(fault, behind, socket)
}

/** Passes the head of the answer on, and then frame by frame. */
function passFrames(fault: Fault, behind: Duplex, socket: Duplex): void {
  const read = createFrameReader()
  let bytes: Buffer | null = Buffer.alloc(0)
  const take = (frame: Frame): void => {
    for (const out of changeFrame(fault, frame)) socket.write(out)
    if (frame.kind === 'close') socket.end()
  }
  behind.on('data', (chunk: Buffer) => {
    if (bytes === null) return read(chunk).forEach(take)
    bytes = Buffer.concat([bytes, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = bytes.toString('latin1', 0, end + 4)
    const isUpgraded = head.startsWith('HTTP/1.1 101')
    socket.write(Buffer.from(isUpgraded ? (fault.upgrade?.(head) ?? head) : head, 'latin1'))
    const rest = bytes.subarray(end + 4)
    if (isUpgraded) {
      bytes = null
      return read(rest).forEach(take)
    }
    // A refusal: what follows is its body.
    socket.write(rest)
    behind.removeAllListeners('data')
    behind.pipe(socket)
  })
}

function changeFrame(fault: Fault, frame: Frame): readonly Buffer[] {
  switch (frame.kind) {
    case 'text':
      return (fault.message?.(frame.text) ?? [frame.text]).map((out) =>
        typeof out === 'string' ? serverFrame(0x1, Buffer.from(out)) : serverFrame(0x2, out),
      )
    case 'binary':
      return [serverFrame(0x2, frame.payload)]
    case 'ping':
      return [serverFrame(0x9, frame.payload)]
    case 'close': {
      const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(frame.reason)])
      payload.writeUInt16BE(fault.closeCode?.(frame.code) ?? frame.code)
      return [serverFrame(0x8, payload)]
    }
    case 'end':
      return []
    default:
      return frame satisfies never
  }
}

/** Returns an unmasked frame. */
export function serverFrame(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload])
  const isShort = payload.length < 65_536
  const head = Buffer.alloc(isShort ? 4 : 10)
  head.set([first, isShort ? 126 : 127])
  head.writeUIntBE(payload.length, isShort ? 2 : 6, isShort ? 2 : 4)
  return Buffer.concat([head, payload])
}
