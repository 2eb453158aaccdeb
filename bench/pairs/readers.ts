import type { TokenKeys } from '../../gateway/testing/token-keys.ts'
import { RawConnection, type Tally } from '../lib/raw-connection.ts'

/** Clients of one gateway that read broadcasts, and tell when all of them have read one more. */
export interface Readers {
  /** Resolves when all readers together have read as many broadcasts as this was called for. So it is called once for each of them. */
  all(): Promise<void>
}

/** Connects `count` users with one WebSocket each. They understand no control events: each frame that they get is an event. */
export async function connectReaders(port: number, keys: TokenKeys, count: number): Promise<Readers> {
  const waiting: { readonly at: number; readonly resolve: () => void }[] = []
  const tally: Tally = {
    frames: 0,
    bytes: 0,
    onText: () => {
      while (waiting[0] !== undefined && tally.frames >= waiting[0].at) waiting.shift()?.resolve()
    },
  }
  let expected = 0
  const expires = Math.floor(Date.now() / 1000) + 86_400
  const open = (reader: number): Promise<RawConnection> => {
    const headers = { authorization: `Bearer ${keys.sign({ user_id: `reader-${reader}`, exp: expires })}` }
    const target = { host: '127.0.0.1', port, path: '/wss/chrome-service/v1/ws', headers }
    return RawConnection.open(target, { localAddress: `127.0.0.${1 + (reader % 100)}`, tally })
  }
  for (let reader = 0; reader < count; reader += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - reader) }, (_, one) => open(reader + one)))
  return {
    all: () =>
      new Promise((resolve) => {
        expected += count
        waiting.push({ at: expected, resolve })
      }),
  }
}
