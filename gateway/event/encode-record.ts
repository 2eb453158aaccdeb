import { orderingKey } from '../audience/audience-keys.ts'
import { formatAudience } from '../audience/parse-audience.ts'
import type { OutgoingRecord } from './outgoing-record.ts'
import type { AttributeValue } from './attributes.ts'
import type { CloudEvent } from './cloud-event.ts'
import { bytesType, exactHeader } from './record-header.ts'

/**
 * Makes the record of an event: CloudEvents Kafka protocol binding, binary mode. The audience is in `ce_audience`, and values that texts cannot
 * express are in `carillon_attributes` (docs/protocol.md section 9).
 * @param traceparent the transport's, written as the header `traceparent`; the event's own `ce_traceparent` stays
 */
export function encodeRecord(event: CloudEvent, traceparent: string | null): OutgoingRecord {
  return encodeBinary(event, { key: keyOf(event), audience: formatAudience(event.audience), traceparent })
}

/**
 * Makes the record of an event for a topic that is not delivered to clients: the same without an audience. @param key decides the partition
 */
export function encodeWithoutAudience(event: CloudEvent, key: string, traceparent: string | null): OutgoingRecord {
  return encodeBinary(event, { key, audience: null, traceparent })
}

interface BesideEvent {
  readonly key: string | null
  /** Text of `ce_audience`; null: the record has none. */
  readonly audience: string | null
  readonly traceparent: string | null
}

function encodeBinary(event: CloudEvent, { key, audience, traceparent }: BesideEvent): OutgoingRecord {
  const headers: Record<string, string> = { ce_specversion: '1.0', ce_id: event.id, ce_source: event.source }
  const exact: [string, AttributeValue | null][] = []
  for (const name in event.attributes) {
    const value = event.attributes[name] ?? ''
    headers[`ce_${name}`] = String(value)
    if (typeof value !== 'string') exact.push([name, value])
  }
  if (audience !== null) headers.ce_audience = audience
  if (event.isBinary) exact.push(['datacontenttype', event.datacontenttype])
  const contentType = event.isBinary ? bytesType : event.datacontenttype
  if (contentType !== null) headers['content-type'] = contentType
  if (exact.length > 0) headers[exactHeader] = JSON.stringify(Object.fromEntries(exact))
  if (traceparent !== null) headers.traceparent = traceparent
  return { key, identity: `${event.source}\u0000${event.id}`, value: event.data, headers }
}

function keyOf({ attributes: { partitionkey }, audience }: CloudEvent): string | null {
  return partitionkey === undefined ? orderingKey(audience) : String(partitionkey)
}
