import { describe, expect, it } from 'vitest'
import { decodeEmitMessage } from './emit-message.ts'
import type { CloudEvent } from './cloud-event.ts'
import { createRecordDecoder } from './decode-record.ts'
import { encodeRecord } from './encode-record.ts'
import { decodeHttpEvents } from './http-binding.ts'
import { maxHeaderBytes } from './record-header.ts'
import { asRead } from './testing/as-read.ts'

/*
 * Attributes were counted in characters and the audience not at all, while pods refuse records by bytes. An event with a long audience, or
 * with attributes in a script of 3 bytes a character, was answered 202 and reached no client.
 */
const limits = { maxEventBytes: 4096, maxAudienceNames: 1000, maxBatch: 3 }
const now = (): Date => new Date('2026-01-31T12:00:00.000Z')
const decodeRecord = createRecordDecoder(limits)
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const anEvent = (more: object) => {
  const event = { specversion: '1.0', id: '1', source: '/s', type: 't', audience: { broadcast: true }, ...more }
  const decoded = decodeHttpEvents(
    { headers: { 'content-type': 'application/cloudevents+json' }, body: Buffer.from(JSON.stringify(event)) },
    limits,
    now,
  )
  return decoded.ok ? decoded.value.events[0] : undefined
}
const aMessage = (more: object) => {
  const decoded = decodeEmitMessage(Buffer.from(JSON.stringify({ id: '1', type: 't', ...more })), { limits, now, newId: () => 'x' })
  return decoded.ok ? decoded.value : undefined
}
const outcomeOf = (accepted: CloudEvent | undefined): string => {
  if (accepted === undefined) return 'refused'
  const outcome = decodeRecord(asRead(encodeRecord(accepted, traceparent)))
  return outcome.ok ? (outcome.value === null ? 'no-audience' : 'event') : 'undecodable'
}
const bytesOf = (accepted: CloudEvent | undefined): number =>
  accepted === undefined
    ? Infinity
    : Object.values(encodeRecord(accepted, traceparent).headers).reduce((sum, value) => sum + Buffer.byteLength(value), 0)

const names = (lastLength: number): readonly string[] => [
  ...Array.from({ length: 127 }, (_, index) => String(index).padStart(509, 'x')),
  'y'.repeat(lastLength),
]
/** Events of which one part has a length that can be chosen. */
const fitted = [
  ['an audience of an event', (length: number) => anEvent({ audience: { users: names(length) } })],
  ['an audience of a message', (length: number) => aMessage({ users: names(length) })],
  ['attributes', (length: number) => anEvent({ wide: '語'.repeat(21_600), narrow: 'x'.repeat(length) })],
  [
    'attributes with types',
    (length: number) => anEvent({ wide: '語'.repeat(21_500), priority: 2_147_483_647, urgent: false, narrow: 'x'.repeat(length) }),
  ],
] as const

describe('the room in the headers of a record', () => {
  it.each(fitted)('is used to the last byte by %s, and one byte more is refused', (_, make) => {
    const longest = maxHeaderBytes - bytesOf(make(1)) + 1
    expect([bytesOf(make(longest)), outcomeOf(make(longest)), outcomeOf(make(longest + 1))]).toEqual([maxHeaderBytes, 'event', 'refused'])
  })

  it('is named as the reason', () => {
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', audience: { users: names(512), usernames: names(512) } }
    expect(
      decodeHttpEvents(
        { headers: { 'content-type': 'application/cloudevents+json' }, body: Buffer.from(JSON.stringify(event)) },
        limits,
        now,
      ),
    ).toMatchObject({
      error: {
        kind: 'invalid-event',
        problems: [
          {
            attribute: null,
            detail: expect.stringMatching(
              /^The audience and the attributes have \d+ bytes as headers of a record\. At most 65536 are allowed\./,
            ),
          },
        ],
      },
    })
  })
})
