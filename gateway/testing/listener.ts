import { get } from 'node:http'
import { WebSocket } from 'ws'
import type { Reader } from './fuzz/read-sent-events.ts'

/** A client that is connected all the time, and must never notice other clients' input. */
export interface Listener extends Reader {
  /** Returns the ids of events that have come since the last call. */
  take(): readonly string[]
  /**
   * Resolves when the event of this id has arrived.
   * @throws when the session ends before
   */
  until(id: string): Promise<void>
  /**
   * Resolves with the next heartbeat.
   * @throws when the session ends before
   */
  nextPing(): Promise<void>
  /** Newest cursor; empty before the first one. */
  cursor(): string
  /** Null while the session is open. */
  closed(): string | null
  close(): void
}

interface Connection {
  readonly onEvent: (listen: (json: string) => void) => void
  readonly onPing: (listen: () => void) => void
  readonly onClose: (listen: (how: string) => void) => void
  readonly close: () => void
}

export interface ListenerTarget {
  readonly port: number
  readonly socketPath: string
  readonly streamPath: string
  readonly token: string
  /** Called with each event when it arrives. */
  readonly onEvent?: (id: string) => void
}

export async function listenBySocket(reader: Reader, { port, socketPath, token, onEvent }: ListenerTarget): Promise<Listener> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${socketPath}?cursor=latest`, ['cloudevents.json'], {
    headers: { authorization: `Bearer ${token}` },
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return listener(reader, onEvent ?? (() => {}), {
    onEvent: (listen) => socket.on('message', (text) => listen(String(text))),
    onPing: (listen) => socket.on('ping', () => listen()),
    onClose: (listen) => socket.on('close', (code, reason) => listen(`${code} ${String(reason)}`)),
    close: () => socket.close(),
  })
}

export async function listenByStream(reader: Reader, { port, streamPath, token, onEvent }: ListenerTarget): Promise<Listener> {
  const handlers = { event: (_json: string): void => {}, ping: (): void => {}, close: (_how: string): void => {} }
  const request = get({ host: '127.0.0.1', port, path: `${streamPath}?cursor=latest`, headers: { authorization: `Bearer ${token}` } })
  await new Promise<void>((resolve, reject) => {
    request.once('error', reject).once('response', (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the stream was answered ${response.statusCode}`))
      let rest = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (line.startsWith('data: {"specversion"')) handlers.event(line.slice(6))
          else if (line.startsWith(':')) handlers.ping()
          else if (line === 'event: close') handlers.close('event: close')
        }
      })
      response.on('close', () => handlers.close('the stream ended'))
      resolve()
    })
  })
  request.on('error', () => handlers.close('the stream broke'))
  return listener(reader, onEvent ?? (() => {}), {
    onEvent: (listen) => (handlers.event = listen),
    onPing: (listen) => (handlers.ping = listen),
    onClose: (listen) => (handlers.close = listen),
    close: () => request.destroy(),
  })
}

function listener(reader: Reader, onEvent: (id: string) => void, connection: Connection): Listener {
  let ids: string[] = []
  let end: string | null = null
  let pings = 0
  let last = ''
  const looks = new Set<() => void>()
  const lookAgain = (): void => looks.forEach((look) => look())
  connection.onEvent((json) => {
    const { id, type, cursor = last } = JSON.parse(json) as { readonly id: string; readonly type: string; readonly cursor?: string } // a CloudEvent
    last = cursor
    if (!type.startsWith('dev.carillon.')) {
      ids.push(id)
      onEvent(id)
    }
    lookAgain()
  })
  connection.onPing(() => {
    pings += 1
    lookAgain()
  })
  connection.onClose((how) => {
    end ??= how
    lookAgain()
  })
  const when = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isTrue() && end === null) return
        looks.delete(look)
        if (isTrue()) resolve()
        else reject(new Error(`the session of ${reader.userId} was closed: ${end}`))
      }
      looks.add(look)
      look()
    })
  return {
    ...reader,
    take: () => {
      const taken = ids
      ids = []
      return taken
    },
    until: (id) => when(() => ids.includes(id)),
    nextPing: () => {
      const before = pings
      return when(() => pings > before)
    },
    cursor: () => last,
    closed: () => end,
    close: connection.close,
  }
}
