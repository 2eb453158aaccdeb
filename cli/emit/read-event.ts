import { randomUUID } from 'node:crypto'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'

/** An event of a batch as JSON, with the line that it came from. */
export interface NumberedEvent {
  readonly line: number
  readonly id: string
  readonly json: string
}

/** Attributes for events that lack them. */
export interface EventDefaults {
  readonly type: string | null
  readonly audience: Readonly<Record<string, unknown>> | null
}

/** Source of events that name none. */
export const defaultSource = 'urn:carillon:cli'

/** Reads a CloudEvent, and gives it `specversion`, `id`, `source` and the defaults where it has none. The gateway checks the rest. */
export function readEvent(line: number, text: string, { type, audience }: EventDefaults): Result<NumberedEvent, string> {
  const event = parse(text)
  if (!isRecord(event)) return failed('is not a JSON object')
  const id = event['id'] ?? randomUUID()
  const whole = {
    specversion: '1.0',
    source: defaultSource,
    ...(type === null ? {} : { type }),
    ...(audience === null ? {} : { audience }),
    ...event,
    id,
  }
  return ok({ line, id: String(id), json: JSON.stringify(whole) })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller names the line.
    return undefined
  }
}
