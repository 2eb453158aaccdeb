import type { Audience } from '../audience/audience.ts'
import { orderingKey } from '../audience/audience-keys.ts'
import { formatAudience } from '../audience/parse-audience.ts'
import type { OutgoingRecord } from '../emit/event-publisher.ts'
import type { CloudEvent } from './cloud-event.ts'

/**
 * Makes the record of an event: CloudEvents Kafka protocol binding, binary mode, the audience in `ce_audience` (docs/protocol.md section 9).
 * @param traceparent of the transport, as the header `traceparent`; the event's own `ce_traceparent` is left as it is
 */
export function encodeRecord(event: CloudEvent, audience: Audience, traceparent: string | null): OutgoingRecord {
  const headers: Record<string, string> = { ce_specversion: '1.0', ce_id: event.id, ce_source: event.source }
  for (const [name, value] of Object.entries(event.attributes)) headers[`ce_${name}`] = value
  headers.ce_audience = formatAudience(audience)
  if (event.datacontenttype !== null) headers['content-type'] = event.datacontenttype
  if (traceparent !== null) headers.traceparent = traceparent
  return { key: event.attributes.partitionkey ?? orderingKey(audience), identity: `${event.source}\u0000${event.id}`, value: event.data, headers }
}
