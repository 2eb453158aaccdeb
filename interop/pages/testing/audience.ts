import { connect } from '../../../client/index.ts'
import type { CloudEvent } from '../../../client/types.ts'
import { until } from '../../../testing/until.ts'

/** Browsers of the user `ann`, the recipient in all examples of the pages, and of another user of another organization. */
export interface TestAudience {
  /** Events that reached `ann`, and no other user, since the last call; waits for the first. */
  next(): Promise<readonly CloudEvent[]>
  /** Events that reached the other user. */
  readonly strangers: readonly CloudEvent[]
  close(): void
}

/** Connects both over SSE. @param origin of a gateway in development mode */
export async function openAudience(origin: string): Promise<TestAudience> {
  const ann = await receive(origin, { user_id: 'ann', username: 'ann', org_id: 'o1' })
  const other = await receive(origin, { user_id: 'bob', username: 'bob', org_id: 'o2' })
  let taken = 0
  let settled = 0
  /** Sends an event to both and waits for it: earlier events have arrived by then, or never will. */
  const settle = async (): Promise<void> => {
    const id = `settled-${(settled += 1)}`
    const body = JSON.stringify({ id, type: settledType, broadcast: true })
    const answer = await fetch(`${origin}/api/chrome-service/v1/emit-message`, { method: 'POST', body })
    if (answer.status !== 202) throw new Error(`the last event was answered with ${answer.status}: ${await answer.text()}`)
    const has = (events: readonly CloudEvent[]): boolean => events.some((event) => event.id === id)
    await until(() => has(ann.events) && has(other.events), { seconds: 20, what: 'both users to have the last event' })
  }
  const isOwn = ({ type }: CloudEvent): boolean => type !== settledType
  return {
    next: async () => {
      await until(() => ann.events.filter(isOwn).length > taken, { seconds: 20, what: 'an event to reach ann' })
      await settle()
      const events = ann.events.filter(isOwn).slice(taken)
      taken += events.length
      return events
    },
    get strangers() {
      return other.events.filter(isOwn)
    },
    close: () => {
      ann.close()
      other.close()
    },
  }
}

const settledType = 'interop.settled'

/** Returns type and data of an event. All pages send one kind of event; some put the reverse name of a domain before its type. */
export const nameOf = ({ type, data }: CloudEvent): string => `${type.replace(/^com\.example\./, '')} ${JSON.stringify(data)}`

interface Received {
  readonly events: readonly CloudEvent[]
  close(): void
}

async function receive(origin: string, claims: Readonly<Record<string, string>>): Promise<Received> {
  const answer = await fetch(`${origin}/dev/token`, { method: 'POST', body: JSON.stringify(claims) })
  const { token } = (await answer.json()) as { readonly token: string } // by the API's description
  const events: CloudEvent[] = []
  const connection = connect({
    channel: 'chrome-service',
    base: origin,
    token: () => token,
    transport: 'sse',
    cursor: 'latest',
    onEvent: (event) => events.push(event),
  })
  await connection.opened
  return { events, close: () => connection.close() }
}
