import type { LogRecord } from '../../gateway/event/log-record.ts'

export const scanPartitions = 8
/** Number of users in the audiences of the records; each occurs equally often. */
export const scanUsers = 10_000

/** A record of a producer before it has a place in a topic: CloudEvents binary mode, 0.5 KB of JSON, for one user. */
export interface ScanMessage {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

export function scanMessage(index: number): ScanMessage {
  const user = `user-${(index * 7919) % scanUsers}`
  return {
    key: `u:${user}`,
    value: JSON.stringify({
      id: index,
      title: 'Something has happened',
      description: 'x'.repeat(380),
      read: false,
      bundle: 'rhel',
      application: 'advisor',
    }),
    headers: {
      ce_specversion: '1.0',
      ce_id: `3f2504e0-4f89-41d3-9a0c-${index.toString(16).padStart(12, '0')}`,
      ce_source: 'urn:bench:source:notifications',
      ce_type: 'com.example.notifications.drawer',
      ce_time: '2026-01-31T12:00:00.000Z',
      ce_audience: `{"users":["${user}"]}`,
      'content-type': 'application/json',
    },
  }
}

/** Returns one record of the partition that its index falls into, as a topic hands it over: bytes, each in its own place. */
export function scanRecord(index: number, timestampMs: number): LogRecord {
  const { key, value, headers } = scanMessage(index)
  const bytes: Record<string, Buffer> = {}
  for (const [name, text] of Object.entries(headers)) bytes[name] = Buffer.from(text)
  return {
    partition: index % scanPartitions,
    offset: Math.floor(index / scanPartitions),
    timestampMs,
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: bytes,
  }
}
