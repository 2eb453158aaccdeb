import type { OutgoingRecord } from '../../../emit/event-publisher.ts'
import type { Problem } from '../../../problem.ts'
import { failed, ok, type Result } from '../../../result.ts'
import type { EmitDecoders } from '../emit-routes.ts'

export interface TestEvent { readonly id: string; readonly source: string }
function one(body: Buffer): Result<TestEvent, Problem> {
  try {
    const { id } = JSON.parse(body.toString())
    return typeof id === 'string' ? ok({ id, source: 'urn:test' }) : failed({ type: 'invalid-event', detail: 'id' })
  } catch {
    return failed({ type: 'not-json', detail: 'not json' })
  }
}
export const decoders = (_options: unknown): EmitDecoders<TestEvent> => ({
  message: one,
  events: (_headers, body) => {
    const event = one(body)
    return event.ok ? ok({ events: [event.value], isBatch: false }) : event
  },
})
export const encode = (event: TestEvent): OutgoingRecord => ({ key: null, identity: event.id, value: Buffer.from(event.id), headers: {} })
