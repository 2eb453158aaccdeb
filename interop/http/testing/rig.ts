import { spawnGateway } from '../../../testing/processes/gateway-process.ts'
import { openSocket, type TestEvent } from '../../../gateway/testing/test-socket.ts'

/** A gateway process in development mode, and a bare WebSocket that receives all events of the user u1. */
export interface Rig {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly socketUrl: string
  /** Event stream and emit API. */
  readonly eventsUrl: string
  /** Token of the user u1. */
  readonly token: string
  /** Emits a structured event. @throws when the answer is not 202 */
  emit(event: Readonly<Record<string, unknown>>): Promise<void>
  /** Emits an event of its own and waits for it: earlier events have arrived by then, or never will. @returns all events so far */
  settle(): Promise<readonly TestEvent[]>
  stop(): Promise<void>
}

const gatewayEnvironment = {
  PORT: '0',
  INTERNAL_PORT: '0',
  // Events arrive in the order of their emission.
  KAFKA_TOPIC_PARTITIONS: '1',
  // Each client gets the same events, and the gateway must not hide duplicates.
  DEDUPLICATION_WINDOW_MS: '0',
  // No bookmark comes between the events, even on a slow machine.
  HEARTBEAT_INTERVAL_MS: '600000',
} as const

/** @param env more environment variables of the gateway */
export async function startRig(env: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const gateway = spawnGateway({ env: { ...gatewayEnvironment, ...env } })
  try {
    const port = Number((await gateway.line('listening'))['port'])
    const url = `http://127.0.0.1:${port}`
    const [socketUrl, eventsUrl] = [`ws://127.0.0.1:${port}/wss/chrome-service/v1/ws`, `${url}/api/chrome-service/v1/events`]
    const token = await fetchToken(url, { user_id: 'u1' })
    const socket = await openSocket(socketUrl, { token, cursor: 'latest' })
    await socket.until(1)
    const emit = (event: Readonly<Record<string, unknown>>): Promise<void> => postEvent(eventsUrl, event)
    let settled = 0
    return {
      port,
      url,
      socketUrl,
      eventsUrl,
      token,
      emit,
      settle: async () => {
        const id = `settled/${(settled += 1)}`
        await emit({ id, source: '/interop', type: 'interop.settled', audience: { users: ['u1'] } })
        await socket.untilReceived(id)
        return socket.messages
      },
      stop: async () => {
        socket.terminate()
        await gateway.kill()
      },
    }
  } catch (error) {
    await gateway.kill()
    throw error
  }
}

async function fetchToken(url: string, claims: Readonly<Record<string, unknown>>): Promise<string> {
  const answer = await fetch(`${url}/dev/token`, { method: 'POST', body: JSON.stringify(claims) })
  return ((await answer.json()) as { readonly token: string }).token // by the API's description
}

async function postEvent(url: string, event: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', ...event }),
  })
  if (answer.status !== 202) throw new Error(`the event was answered with ${answer.status}: ${await answer.text()}`)
  await answer.body?.cancel()
}

/** Returns the event as its producer made it: without the gateway's additions, and without the time, which SDKs make up. */
export function asGiven({ cursor: _cursor, time: _time, ...event }: TestEvent): Readonly<Record<string, unknown>> {
  return event
}
