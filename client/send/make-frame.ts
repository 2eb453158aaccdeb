import type { SendOptions } from '../send-types.ts'
import { newId } from './new-id.ts'

/** Returns the JSON of an event to send, and its id. @throws TypeError for a command, and for data that are not JSON */
export function makeFrame(type: string, data: unknown, { id = newId(), ...attributes }: SendOptions): Frame {
  if (type.startsWith('dev.carillon.'))
    throw new TypeError('Types that begin with dev.carillon. are commands. Send an event of another type.')
  return {
    id,
    text: JSON.stringify({ specversion: '1.0', source: '/browser', ...attributes, signal: undefined, id, type, data }),
  }
}

interface Frame {
  readonly id: string
  readonly text: string
}
