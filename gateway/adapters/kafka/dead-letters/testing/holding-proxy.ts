import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Sits between clients and a broker, and can hold requests of one kind, as a slow network or a busy broker does. */
export interface HoldingProxy {
  readonly brokers: readonly string[]
  /** Number of requests of this kind so far. */
  seen(apiKey: number): number
  /** Holds requests of this kind, and the bytes behind them on the same connection. */
  hold(apiKey: number): void
  /** Hands on the held requests, and holds no more. */
  release(): void
  /** Number of held requests. */
  readonly held: number
  /** Ends each connection, as a client that dies does. Held requests are lost. */
  cut(): void
  close(): Promise<void>
}

/** Clients stay behind the proxy: the broker's port in its responses is replaced with the proxy's. */
export async function startHoldingProxy(brokerPort: number): Promise<HoldingProxy> {
  const seen = new Map<number, number>()
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket; readonly queue: Buffer[] }>()
  let heldKey: number | null = null
  let port = 0

  const isHeld = (frame: Buffer): boolean => heldKey !== null && frame.readInt16BE(4) === heldKey
  const listener = createServer((client) => {
    const pair = { client, server: connect({ host: '127.0.0.1', port: brokerPort }), queue: [] as Buffer[] }
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      pair.server.destroy()
    }
    for (const socket of [client, pair.server]) socket.on('error', end).on('close', end)
    client.on(
      'data',
      frames((frame) => {
        const apiKey = frame.readInt16BE(4)
        seen.set(apiKey, (seen.get(apiKey) ?? 0) + 1)
        if (pair.queue.length > 0 || isHeld(frame)) pair.queue.push(frame)
        else pair.server.write(frame)
      }),
    )
    pair.server.on(
      'data',
      frames((frame) => client.write(withPort(frame, brokerPort, port))),
    )
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  port = (listener.address() as AddressInfo).port // it listens on TCP
  const cut = (): void => {
    for (const { client } of pairs) client.destroy()
  }
  return {
    brokers: [`127.0.0.1:${port}`],
    seen: (apiKey) => seen.get(apiKey) ?? 0,
    hold(apiKey) {
      heldKey = apiKey
    },
    release() {
      heldKey = null
      for (const { server, queue } of pairs) for (const frame of queue.splice(0)) server.write(frame)
    },
    get held() {
      return [...pairs].reduce((sum, { queue }) => sum + queue.length, 0)
    },
    cut,
    async close() {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

/** Cuts a stream of bytes into frames of Kafka, each with its size before it. */
function frames(take: (frame: Buffer) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (data) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      take(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}

/** The broker calls itself by one of these names, which have the same length. */
const hosts = ['127.0.0.1', 'localhost']

function withPort(frame: Buffer, from: number, to: number): Buffer {
  for (const host of hosts) {
    const wanted = Buffer.alloc(host.length + 4)
    wanted.write(host, 'latin1')
    wanted.writeInt32BE(from, host.length)
    for (let at = frame.indexOf(wanted); at !== -1; at = frame.indexOf(wanted, at + wanted.length)) frame.writeInt32BE(to, at + host.length)
  }
  return frame
}
