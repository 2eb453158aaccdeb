import type { OutgoingRecord } from '../outgoing-record.ts'
import { aLogRecord } from '../../testing/builders.ts'
import type { LogRecord } from '../log-record.ts'

/** Returns a published record in the form that a consumer hands over. */
export function asRead(record: OutgoingRecord): LogRecord {
  const headers = Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)]))
  return aLogRecord({ value: record.value, key: record.key === null ? null : Buffer.from(record.key), headers })
}
