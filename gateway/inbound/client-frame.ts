import { checkAttribute, controlTypePrefix } from '../event/attributes.ts'
import type { RawEvent } from '../event/check-event.ts'
import { describeProblems } from '../event/describe-problems.ts'
import { parseBody } from '../event/parse-body.ts'
import { readStructuredEvent } from '../event/structured-event.ts'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { FrameProblem } from '../session/control-events.ts'

/** One message of a client: a CloudEvent in the JSON format (docs/protocol.md, Frames of the client). */
export type ClientFrame =
  /** An event whose type begins with `dev.carillon.`. */
  | { readonly kind: 'command'; readonly id: string; readonly type: string; readonly data: unknown }
  /** Any other event, which the client wants to send. */
  | { readonly kind: 'send'; readonly id: string; readonly event: RawEvent }

export interface FrameFailure {
  /** The id in the frame; null: the frame has none that can be read. */
  readonly id: string | null
  readonly problem: FrameProblem
}

/** Reads a message. Never throws. @param text null: the message is binary */
export function readClientFrame(text: Buffer | null): Result<ClientFrame, FrameFailure> {
  if (text === null) return failed({ id: null, problem: binaryMessage })
  const parsed = parseBody(text)
  if (!parsed.ok) return failed({ id: null, problem: { type: parsed.error.kind, detail: parsed.error.detail } })
  const id = idOf(parsed.value)
  const event = readStructuredEvent(parsed.value)
  if (!event.ok) return failed({ id, problem: { type: 'invalid-event', detail: describeProblems(event.error) } })
  if (id === null) return failed({ id, problem: noId })
  const { type } = event.value.attributes
  if (typeof type !== 'string' || !type.startsWith(controlTypePrefix)) return ok({ kind: 'send', id, event: event.value })
  const data: unknown = isRecord(parsed.value) ? parsed.value['data'] : undefined
  return ok({ kind: 'command', id, type, data })
}

/** Returns the id, if it is one that an answer can repeat. */
function idOf(value: unknown): string | null {
  if (!isRecord(value)) return null
  const { id } = value
  return typeof id === 'string' && checkAttribute('id', id) === null ? id : null
}

const binaryMessage: FrameProblem = {
  type: 'bad-request',
  detail: 'The message is binary. Send one CloudEvent in the JSON format as a text message.',
}
const noId: FrameProblem = { type: 'invalid-event', detail: 'id: must be a non-empty string of at most 1024 characters.' }
