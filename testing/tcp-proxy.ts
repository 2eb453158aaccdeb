import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A port of 127.0.0.1 in front of another one. A test breaks it while the server behind it stays healthy. */
export interface TcpProxy {
  readonly port: number
  /** Passes all data on, also the data that was held. */
  pass(): Promise<void>
  /** Refuses new connections and cuts open ones, like a port without a listener. */
  refuse(): Promise<void>
  /** Takes connections and passes nothing on, like a host that hangs. Open connections stop as well. */
  hold(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/**
 *
 * @param target port behind the proxy; null: none, for a port that only ever holds or refuses
 * @param at the proxy's own port; 0: one that the kernel chooses
 */
export async function startTcpProxy(target: number | null, at = 0): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  const waiting = new Set<Socket>()
  let isHeld = target === null

  const join = ({ client, server }: Pair): void => void client.pipe(server).pipe(client)
  const part = ({ client, server }: Pair): void => void [client.unpipe(server), server.unpipe(client)]
  const open = (client: Socket, port: number): void => {
    const pair = { client, server: connect({ host: '127.0.0.1', port }) }
    pairs.add(pair)
    for (const socket of [pair.client, pair.server]) socket.once('close', () => cut(pair))
    // Any error of one side ends with its `close`, which ends the other side.
    pair.server.on('error', () => undefined)
    join(pair)
  }
  const cut = (pair: Pair): void => {
    pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
  const take = (client: Socket): void => {
    client.on('error', () => undefined)
    if (!isHeld && target !== null) return open(client, target)
    waiting.add(client)
    client.once('close', () => waiting.delete(client))
  }
  const cutAll = (): void => {
    for (const pair of pairs) cut(pair)
    for (const client of waiting) client.destroy()
  }

  let server: Server | null = await listen(at, take)
  const { port } = server.address() as AddressInfo // it listens on TCP
  const shut = async (): Promise<void> => {
    const closing = server
    server = null
    cutAll()
    if (closing !== null) await new Promise((resolve) => closing.close(resolve))
  }
  const reopen = async (): Promise<void> => {
    server ??= await listen(port, take)
  }
  return {
    port,
    refuse: shut,
    close: shut,
    hold: async () => {
      isHeld = true
      for (const pair of pairs) part(pair)
      await reopen()
    },
    pass: async () => {
      if (target === null) throw new Error('this proxy has no target')
      if (isHeld) for (const pair of pairs) join(pair)
      isHeld = false
      for (const client of waiting) open(client, target)
      waiting.clear()
      await reopen()
    },
  }
}

function listen(port: number, take: (client: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(take)
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
