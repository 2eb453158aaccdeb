import type { ControlEvent, FrameProblem } from '../session/control-events.ts'

/** The answer to a frame. Each frame gets one. */
export type Answer =
  /** An event without a place, which the caller sends to the client. */
  | { readonly kind: 'event'; readonly event: ControlEvent }
  /** The confirmation of a command as JSON. The client has it on its connection. null: the client gets none, because it is plain or closed. */
  | { readonly kind: 'confirmed'; readonly json: Buffer | null }

/** An answer with an event. */
export type CompleteAnswer =
  | { readonly kind: 'event'; readonly event: ControlEvent }
  | { readonly kind: 'confirmed'; readonly json: Buffer }

/** Returns null for an answer without an event. */
export function complete(answer: Answer): CompleteAnswer | null {
  if (answer.kind === 'event') return answer
  return answer.json === null ? null : { kind: 'confirmed', json: answer.json }
}

/** Returns the refusal of a frame. @param id null: the frame has none that can be read */
export function nack(id: string | null, { type, detail, retryAfterMs }: FrameProblem): Answer {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }
  return { kind: 'event', event: { type: 'dev.carillon.nack', data: { id, type: `urn:carillon:problem:${type}`, detail, ...wait } } }
}

/** Returns the answer to a send that the brokers have acknowledged. */
export const ack = (id: string): Answer => ({ kind: 'event', event: { type: 'dev.carillon.ack', data: { id } } })
