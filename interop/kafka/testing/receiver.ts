import { connect } from '../../../client/index.ts'
import { openSocket } from '../../../gateway/testing/test-socket.ts'

/** Events that a client of the gateway received, by their ids. */
export interface Receiver {
  readonly counts: ReadonlyMap<string, number>
  /** Events with other data than were sent. */
  readonly damaged: ReadonlySet<string>
  /** Gaps and closes: each is a failure of the gateway here. */
  readonly troubles: readonly string[]
  /** Returns the data of an event; undefined: it has none, or did not arrive. Data with a pad is not kept. */
  dataOf(id: string): unknown
  close(): void
}

interface Received {
  readonly id: string
  readonly type: string
  readonly data?: unknown
}

interface Notes {
  readonly counts: Map<string, number>
  readonly damaged: Set<string>
  readonly troubles: string[]
  dataOf(id: string): unknown
  note(event: Received): void
}

function takeNotes(pad: string): Notes {
  const [counts, damaged, troubles] = [new Map<string, number>(), new Set<string>(), [] as string[]]
  const kept = new Map<string, unknown>()
  const note = ({ id, type, data }: Received): void => {
    if (type === 'dev.carillon.gap') troubles.push(`gap: ${JSON.stringify(data)}`)
    if (type.startsWith('dev.carillon.')) return
    counts.set(id, (counts.get(id) ?? 0) + 1)
    const text = typeof data === 'object' && data !== null && 'pad' in data ? data.pad : null
    if (text === null) kept.set(id, data)
    else if (typeof text !== 'string' || !pad.startsWith(text)) damaged.add(id)
  }
  return { counts, damaged, troubles, note, dataOf: (id) => kept.get(id) }
}

export interface ReceiverOptions {
  readonly socketUrl: string
  readonly token: string
  readonly pad: string
}

/** A bare WebSocket: nothing between it and the gateway drops a duplicate. */
export async function receiveBySocket({ socketUrl, token, pad }: ReceiverOptions): Promise<Receiver> {
  const notes = takeNotes(pad)
  const socket = await openSocket(socketUrl, { token, cursor: 'latest' })
  await socket.until(1)
  let [read, isOver] = [0, false]
  const takeNew = (): void => {
    for (const event of socket.messages.slice(read)) notes.note(event)
    read = socket.messages.length
  }
  void socket.closed.then(({ code, reason }) => (isOver ? undefined : notes.troubles.push(`closed: ${code} ${reason}`)))
  return {
    get counts() {
      takeNew()
      return notes.counts
    },
    damaged: notes.damaged,
    troubles: notes.troubles,
    dataOf: notes.dataOf,
    close: () => {
      isOver = true
      socket.terminate()
    },
  }
}

/** Carillon's own client over SSE. */
export function receiveByEventStream({ socketUrl, token, pad }: ReceiverOptions): Promise<Receiver> {
  const notes = takeNotes(pad)
  return new Promise((resolve, reject) => {
    const connection = connect({
      url: socketUrl,
      transport: 'sse',
      cursor: 'latest',
      token: () => token,
      onEvent: notes.note,
      onGap: ({ reason }) => notes.troubles.push(`gap: ${reason}`),
      onStateChange: (state) => {
        if (state.kind === 'open') resolve({ ...notes, close: () => connection.close() })
        if (state.kind === 'closed' && state.code !== 1000) reject(new Error(`the event stream was refused: ${state.code} ${state.reason}`))
      },
    })
  })
}
