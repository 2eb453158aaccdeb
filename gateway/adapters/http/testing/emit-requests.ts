import { vi } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import type { Rig } from './start-public-server.ts'

export type Body = string | Buffer<ArrayBuffer>
/** Sends a POST with only the given headers. */
export const post = (url: string, body: Body, headers: Record<string, string> = {}) => fetch(url, { method: 'POST', body, headers })
/** Returns a structured event. An undefined member is left out. */
export const event = (more: object = {}) => ({
  specversion: '1.0',
  id: 'e1',
  source: 'urn:test',
  type: 'test',
  audience: { broadcast: true },
  ...more,
})
export const structured = { 'content-type': 'application/cloudevents+json' }
export const batched = { 'content-type': 'application/cloudevents-batch+json' }
/** Returns the headers of an event in binary mode. */
export const binary = (more: Record<string, string> = {}) => ({
  'ce-specversion': '1.0',
  'ce-id': 'e1',
  'ce-source': 'urn:test',
  'ce-type': 'test',
  'ce-audience': '{"broadcast":true}',
  'content-type': 'application/json',
  ...more,
})

/** Returns the records of the events that were emitted. */
export async function recordsOf({ log }: Rig): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  const source = log.source()
  await source.start(
    {
      opened: () => {},
      records: (batch) => void records.push(...batch),
      ends: () => {},
      skipped: () => {},
      lost: () => {},
      health: () => {},
    },
    { sinceMs: 0 },
  )
  await vi.waitUntil(() => records.length === (log.endOffsets[0] ?? 0))
  await source.stop()
  return records
}

export const headersOf = (record: LogRecord | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(record?.headers ?? {}).map(([name, value]) => [name, String(value)]))
