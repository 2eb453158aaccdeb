import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { BrokerAddress } from '../wire/broker-address.ts'

/** A client's request: its head, and the rest behind the client id. */
export interface FakeRequest {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
  readonly body: Buffer
}

/** A port that speaks Kafka's frames, with answers of the test. */
export interface FakeBroker {
  readonly address: BrokerAddress
  readonly sockets: readonly Socket[]
  /** All requests, ApiVersions included. */
  readonly requests: readonly FakeRequest[]
  stop(): Promise<void>
}

/** Reaction to a request: a body is sent in a frame; null: nothing is sent; a function acts on the socket. */
export type FakeAnswer = Buffer | null | ((socket: Socket) => void)

export interface FakeBrokerOptions {
  readonly host?: string
  /** @default 0: any free port */
  readonly port?: number
  readonly apis?: readonly SpokenApi[]
}

/** API key, lowest version, highest version. */
export type SpokenApi = readonly [number, number, number]

/**
 * Starts a fake broker. It answers ApiVersions (these versions of each API) unless `answer` takes it first.
 * @param answer undefined: the default applies
 */
export async function startFakeBroker(
  answer: (request: FakeRequest) => FakeAnswer | undefined,
  { host = '127.0.0.1', port: wanted = 0, apis = spokenApis }: FakeBrokerOptions = {},
): Promise<FakeBroker> {
  const sockets: Socket[] = []
  const requests: FakeRequest[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined) // a client that went away
    let bytes = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      bytes = Buffer.concat([bytes, data])
      for (; bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0); bytes = bytes.subarray(4 + bytes.readInt32BE(0))) {
        const request = parseRequest(bytes.subarray(4, 4 + bytes.readInt32BE(0)))
        requests.push(request)
        const answered = answer(request)
        const said = answered === undefined && request.apiKey === 18 ? apiVersions(apis) : (answered ?? null)
        if (typeof said === 'function') said(socket)
        else if (said !== null) socket.write(frame(request.correlationId, said))
      }
    })
  })
  server.listen(wanted, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    address: { host, port },
    sockets,
    requests,
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Returns a response as bytes of the wire. */
export function frame(correlationId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 4)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

/** Produce, Fetch, ListOffsets, Metadata, ApiVersions, OffsetForLeaderEpoch. */
const spokenApis: readonly SpokenApi[] = [
  [0, 3, 9],
  [1, 4, 13],
  [2, 1, 6],
  [3, 0, 12],
  [18, 0, 3],
  [23, 2, 4],
]

function apiVersions(apis: readonly SpokenApi[]): Buffer {
  const bytes = Buffer.alloc(6 + apis.length * 6)
  bytes.writeInt32BE(apis.length, 2)
  for (const [index, api] of apis.entries()) for (const [at, value] of api.entries()) bytes.writeInt16BE(value, 6 + index * 6 + at * 2)
  return bytes
}

function parseRequest(bytes: Buffer): FakeRequest {
  const clientIdLength = bytes.readInt16BE(8)
  return {
    apiKey: bytes.readInt16BE(0),
    version: bytes.readInt16BE(2),
    correlationId: bytes.readInt32BE(4),
    body: bytes.subarray(10 + clientIdLength),
  }
}
