import type { CloudEvent, EventProblem } from './cloud-event.ts'
import { encodeRecord } from './encode-record.ts'
import { maxHeaderBytes } from './record-header.ts'

/**
 * Checks that the attributes and the audience of an event fit into the headers of its record. Pods refuse a record with larger headers
 * (`decode-record.ts`), so such an event would be accepted and lost.
 */
export function checkHeaderRoom(event: CloudEvent): EventProblem | null {
  if (mostHeaderBytes(event) <= maxHeaderBytes) return null
  const { headers } = encodeRecord(event, longestTraceparent)
  const bytes = Object.values(headers).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
  if (bytes <= maxHeaderBytes) return null
  return {
    attribute: null,
    detail: `The audience and the attributes have ${bytes} bytes as headers of a record. At most ${maxHeaderBytes} are allowed. Name organizations instead of their users, or emit to some of the names at a time.`,
  }
}

/** A text as long as a traceparent, which has 55 characters (W3C Trace Context, section 3.2). */
const longestTraceparent = '-'.repeat(55)

/** Returns an upper bound for the bytes of the headers. A UTF-16 code unit has at most 3 bytes in UTF-8, and a JSON escape 6. */
function mostHeaderBytes({ id, source, datacontenttype, attributes, audience }: CloudEvent): number {
  const { users, usernames, organizations, roles } = audience
  let bytes = 512 + 3 * (id.length + source.length + 2 * (datacontenttype?.length ?? 0))
  for (const name in attributes) {
    const value = attributes[name]
    bytes += typeof value === 'string' ? 3 * value.length : 32 + name.length
  }
  for (const names of [users, usernames, organizations, roles]) for (const name of names) bytes += 6 * name.length + 3
  return bytes
}
