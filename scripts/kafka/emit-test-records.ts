import { Buffer } from 'node:buffer'
import type { OutgoingRecord } from '../../gateway/event/outgoing-record.ts'
import type { EmitTestOptions } from './emit-test-options.ts'

/** Returns the record number `index` (from 0) of a run. @param fresh makes a unique id */
export function testRecord(
  options: EmitTestOptions,
  index: number,
  { now, fresh }: { readonly now: Date; readonly fresh: () => string },
): OutgoingRecord {
  const id = idOf(options, index, fresh)
  const attributes = {
    specversion: '1.0',
    id,
    source: options.source,
    type: options.type,
    time: now.toISOString(),
    datacontenttype: 'application/json',
  }
  return { key: keyOf(options), identity: `${options.source} ${id}`, ...contentOf(options, attributes) }
}

type Attributes = Readonly<Record<string, string>>

function contentOf({ form, audience, payload }: EmitTestOptions, attributes: Attributes): Pick<OutgoingRecord, 'value' | 'headers'> {
  switch (form) {
    case 'binary': {
      const { datacontenttype = '', ...context } = attributes
      const headers = Object.fromEntries(Object.entries(context).map(([name, value]) => [`ce_${name}`, value]))
      return { value: json(payload), headers: { 'content-type': datacontenttype, ...headers, ce_audience: JSON.stringify(audience) } }
    }
    case 'structured':
      return {
        value: json({ ...attributes, audience: JSON.stringify(audience), data: payload }),
        headers: { 'content-type': 'application/cloudevents+json' },
      }
    case 'legacy':
      // The form of chrome-service's producers: their specversion, no content type, the audience beside the payload.
      return { value: json({ ...attributes, specversion: '1.0.2', data: { ...audience, payload } }), headers: {} }
    default:
      return form satisfies never
  }
}

function idOf(options: EmitTestOptions, index: number, fresh: () => string): string {
  if (options.id === null) return fresh()
  return options.count === 1 ? options.id : `${options.id}-${index + 1}`
}

/** One user's events keep their order: they share a key, and so a partition. */
function keyOf({ audience }: EmitTestOptions): string | null {
  const names = [...audience.users, ...audience.usernames, ...audience.organizations]
  return audience.broadcast || names.length !== 1 ? null : (names[0] ?? null)
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
