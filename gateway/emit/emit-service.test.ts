import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createMemoryLog } from '../adapters/memory/memory-log.ts'
import { disabledTracer } from '../observability/disabled-tracer.ts'
import type { Tracer } from '../observability/tracer.ts'
import type { CloudEvent } from '../event/cloud-event.ts'
import { encodeRecord } from '../event/encode-record.ts'
import { ok } from '../../program/result.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { createEmitService, type EmitContext, type EmitServiceParts } from './emit-service.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { InFlight } from './in-flight.ts'
import { createRateLimiter } from './rate-limiter.ts'

const context: EmitContext = { emitter: { subject: 'jwt:ann', kind: 'jwt' }, api: 'events', traceparent: null, requestId: 'r1' }
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const anEvent = (id: string, data = id): CloudEvent => ({
  id,
  source: 'urn:test',
  attributes: { type: 'test', traceparent: 'the-event-s-own' },
  datacontenttype: 'text/plain',
  data: Buffer.from(data),
  isBinary: false,
  audience: { broadcast: true, users: [], usernames: [], organizations: [], roles: [] },
})
const events = (count: number): readonly CloudEvent[] => Array.from({ length: count }, (_, index) => anEvent(`e${index}`))

function setUp(more: Partial<EmitServiceParts> = {}) {
  const log = createMemoryLog({ partitions: 1, clock: { now: () => 0 }, maxRecordBytes: 1000 })
  const { metrics, value, observations } = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  let nowMs = 0
  const service = createEmitService({
    publisher: log.publisher(),
    rateLimiter: createRateLimiter({ ratePerS: 10, burst: 100, maxSubjects: 10, now: 0 }),
    encode: (event, { traceparent: transport }) => encodeRecord(event, transport),
    maxInFlight: 50,
    timeoutMs: 50,
    tracer: disabledTracer,
    logger,
    metrics,
    clock: () => nowMs,
    ...more,
  })
  return { service, log, lines, value, observations, pass: (ms: number) => (nowMs += ms), written: () => log.endOffsets[0] }
}

describe('emit', () => {
  test('says ok when the log has all events', async () => {
    const { service, written } = setUp()
    expect(await service.emit(events(3), context)).toEqual(ok(undefined))
    expect(written()).toBe(3)
  })

  test('writes a line at debug for each acknowledged event, without its data or names', async () => {
    const { service, lines } = setUp()
    const forSome = {
      ...anEvent('e9', 'data-secret'),
      audience: { broadcast: false, users: ['user-secret'], usernames: [], organizations: ['org-secret'], roles: ['role-secret'] },
    }
    await service.emit([anEvent('e8'), forSome], context)
    expect(lines).toEqual(
      ['broadcast', 'users+organizations+roles'].map((audience, index) => ({
        level: 'debug',
        message: 'event emitted',
        fields: { requestId: 'r1', api: 'events', id: `e${8 + index}`, source: 'urn:test', type: 'test', audience },
      })),
    )
  })

  test('writes no such line for events that the log does not have', async () => {
    const { service, log, lines } = setUp()
    log.faults.failNextPublish({ kind: 'timeout', detail: 'for the test' })
    await service.emit(events(1), context)
    expect(lines).toEqual([])
  })

  test('says nothing before the log has acknowledged', async () => {
    const { service, log, value, written } = setUp({ timeoutMs: 20_000 })
    log.faults.holdAcknowledgements()
    const emitted = service.emit(events(2), context)
    await vi.waitFor(() => expect(written()).toBe(2))
    const first = await Promise.race([emitted, new Promise((resolve) => setImmediate(resolve, 'nothing yet'))])
    expect(first).toBe('nothing yet')
    expect(value('emitted')).toBe(0)
    expect(value('emitInFlight')).toBe(2)
    log.faults.releaseAcknowledgements()
    expect(await emitted).toEqual(ok(undefined))
    expect(value('emitInFlight')).toBe(0)
  })

  test('is not acknowledged, with a time to come back, when the log does not answer in time', async () => {
    const { service, log, value, observations } = setUp()
    log.faults.holdAcknowledgements()
    expect(await service.emit(events(1), context)).toMatchObject({ ok: false, error: { type: 'not-acknowledged', retryAfterMs: 2000 } })
    expect(value('emitted')).toBe(0)
    expect(observations('emitLatency')).toEqual([])
    expect(value('emitInFlight')).toBe(0)
  })

  test('is not acknowledged when there is no broker, and does not tell strangers its name', async () => {
    const { service, log } = setUp()
    log.faults.failNextPublish({ kind: 'unavailable', detail: 'connect ECONNREFUSED broker-1.internal:9092' })
    const emitted = await service.emit(events(1), context)
    expect(emitted).toMatchObject({ ok: false, error: { type: 'not-acknowledged' } })
    expect(JSON.stringify(emitted)).not.toContain('broker-1')
  })

  test('is refused, without a word that an event may be in the log, when the log refused all events', async () => {
    const { service, log, value } = setUp()
    log.faults.failNextPublish({ kind: 'refused', detail: 'broker-1.internal: Not authorized to access the topic', isPartial: false })
    const emitted = await service.emit(events(2), context)
    expect(emitted).toMatchObject({
      ok: false,
      error: { type: 'refused-by-log', detail: expect.stringContaining('None of them is in the topic') },
    })
    expect(emitted).not.toHaveProperty('error.retryAfterMs')
    expect(JSON.stringify(emitted)).not.toMatch(/broker-1|may have|may be in/)
    expect(value('logWritable')).toBe(0)
  })

  test('is refused, and says that the log may have other events, when the log refused some of them', async () => {
    const { service, log } = setUp()
    log.faults.failNextPublish({ kind: 'refused', detail: 'for the test', isPartial: true })
    expect(await service.emit(events(2), context)).toMatchObject({
      ok: false,
      error: { type: 'refused-by-log', detail: expect.stringContaining('or may be, in the topic') },
    })
  })

  test.each([
    ['timeout', 0],
    ['unavailable', 0],
    ['too-large', 1],
  ] as const)('after %s the gauge of the writable log is %d, and 1 after the next acknowledgement', async (kind, expected) => {
    const { service, log, value } = setUp()
    expect(value('logWritable')).toBe(1)
    log.faults.failNextPublish({ kind, detail: 'for the test' })
    await service.emit(events(1), context)
    expect(value('logWritable')).toBe(expected)
    await service.emit(events(1), context)
    expect(value('logWritable')).toBe(1)
  })

  test('is too large when the log will never take it', async () => {
    const { service } = setUp()
    const emitted = await service.emit([anEvent('1', 'x'.repeat(2000))], context)
    expect(emitted).toMatchObject({ ok: false, error: { type: 'event-too-large' } })
    expect(emitted).not.toHaveProperty('error.retryAfterMs')
  })

  test('counts what was acknowledged, by API, and how long it took', async () => {
    const { service, value, observations } = setUp({
      clock: (() => {
        let now = 0
        return () => (now += 250)
      })(),
    })
    await service.emit(events(3), context)
    await service.emit(events(1), { ...context, api: 'emit-message' })
    expect(value('emitted', { api: 'events' })).toBe(3)
    expect(value('emitted', { api: 'emit-message' })).toBe(1)
    expect(observations('emitLatency')).toEqual([0.25, 0.25])
  })

  test('lets a bug through, and gives back the places in the queue', async () => {
    const { service, value } = setUp({ publisher: { publish: () => Promise.reject(new Error('a bug')), stop: () => Promise.resolve() } })
    await expect(service.emit(events(5), context)).rejects.toThrow('a bug')
    expect(value('emitInFlight')).toBe(0)
  })
})

describe('limits', () => {
  test('an emitter above its rate gets a time to wait, and is served then; others are not affected', async () => {
    const { service, pass, written } = setUp({ maxInFlight: 1000 })
    expect((await service.emit(events(100), context)).ok).toBe(true)
    const refused = await service.emit(events(5), context)
    expect(refused).toMatchObject({ ok: false, error: { type: 'too-many-requests', retryAfterMs: 500 } })
    expect((await service.emit(events(5), { ...context, emitter: { subject: 'jwt:bob', kind: 'jwt' } })).ok).toBe(true)
    pass(500)
    expect((await service.emit(events(5), context)).ok).toBe(true)
    expect(written()).toBe(110)
  })

  test('a batch above the burst is refused without a time to retry', async () => {
    const { service } = setUp({ maxInFlight: 1000 })
    const refused = await service.emit(events(101), context)
    expect(refused).toMatchObject({ ok: false, error: { type: 'batch-too-large' } })
    expect(refused).not.toHaveProperty('error.retryAfterMs')
  })

  test('a batch above what may wait at all is too large; one that fills it is taken', async () => {
    const { service } = setUp()
    expect(await service.emit(events(51), context)).toMatchObject({ ok: false, error: { type: 'batch-too-large' } })
    expect((await service.emit(events(50), context)).ok).toBe(true)
  })

  test('what would wait beyond the limit is refused at once, and costs the emitter nothing', async () => {
    const { service, log } = setUp({ timeoutMs: 20_000 })
    log.faults.holdAcknowledgements()
    const waiting = [service.emit(events(30), context), service.emit(events(20), context)]
    expect(await service.emit(events(1), context)).toMatchObject({ ok: false, error: { type: 'overloaded', retryAfterMs: 1000 } })
    log.faults.releaseAcknowledgements()
    expect((await Promise.all(waiting)).map((outcome) => outcome.ok)).toEqual([true, true])
    expect((await service.emit(events(50), context)).ok).toBe(true)
  })

  test('a place is never lost or made, for any sequence of calls', () => {
    const comings = fc.record({ enters: fc.boolean(), n: fc.integer({ min: 1, max: 8 }) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(comings), (max, steps) => {
        const queue = new InFlight(max)
        const inside: number[] = []
        const total = (): number => inside.reduce((sum, one) => sum + one, 0)
        for (const { enters, n } of steps) {
          const leaving = enters ? undefined : inside.shift()
          if (leaving !== undefined) queue.leave(leaving)
          const hasRoom = total() + n <= max
          const entered = enters && queue.enter(n)
          if (entered) inside.push(n)
          expect(entered).toBe(enters && hasRoom)
          expect(queue.fits(n)).toBe(n <= max)
          expect(queue.count).toBe(total())
        }
      }),
    )
  })
})

describe('traces', () => {
  interface RecordedSpan {
    readonly name: string
    readonly parent: string | null
    readonly traceparent: string
    ended: number
    error: string | undefined
  }

  function recordingTracer(): { readonly tracer: Tracer; readonly spans: readonly RecordedSpan[] } {
    const spans: RecordedSpan[] = []
    const tracer: Tracer = {
      enabled: true,
      startSpan: (name, { parent }) => {
        const span: RecordedSpan = { name, parent, traceparent: `span-${spans.length}`, ended: 0, error: undefined }
        spans.push(span)
        return {
          traceparent: span.traceparent,
          end: (outcome) => {
            span.ended += 1
            span.error = outcome?.error
          },
        }
      },
    }
    return { tracer, spans }
  }

  function recordingPublisher(): { readonly records: readonly OutgoingRecord[]; readonly publisher: EmitServiceParts['publisher'] } {
    const records: OutgoingRecord[] = []
    return { records, publisher: { publish: (more) => Promise.resolve(ok(void records.push(...more))), stop: () => Promise.resolve() } }
  }

  test('one span for the request, below it one per event, whose context travels with the record', async () => {
    const { tracer, spans } = recordingTracer()
    const { records, publisher } = recordingPublisher()
    const { service } = setUp({ tracer, publisher })
    await service.emit(events(2), { ...context, traceparent })
    expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
      ['emit', traceparent],
      ['publish', 'span-0'],
      ['publish', 'span-0'],
    ])
    expect(records.map(({ headers }) => headers['traceparent'])).toEqual(['span-1', 'span-2'])
    expect(records.map(({ headers }) => headers['ce_traceparent'])).toEqual(['the-event-s-own', 'the-event-s-own'])
    expect(spans.map(({ ended, error }) => [ended, error])).toEqual([
      [1, undefined],
      [1, undefined],
      [1, undefined],
    ])
  })

  test('with tracing off the context of the caller is passed on', async () => {
    const { records, publisher } = recordingPublisher()
    const { service } = setUp({ publisher })
    await service.emit(events(1), { ...context, traceparent })
    await service.emit(events(1), context)
    expect(records.map(({ headers }) => headers['traceparent'])).toEqual([traceparent, undefined])
  })

  test('a failure is on every span, and so is a bug', async () => {
    const { tracer, spans } = recordingTracer()
    const { service, log } = setUp({ tracer })
    log.faults.failNextPublish({ kind: 'unavailable', detail: 'no broker' })
    await service.emit(events(1), context)
    expect(spans.map(({ ended, error }) => [ended, error])).toEqual([
      [1, 'unavailable: no broker'],
      [1, 'unavailable: no broker'],
    ])

    const broken = recordingTracer()
    const publisher = { publish: () => Promise.reject(new Error('a bug')), stop: () => Promise.resolve() }
    const { service: brokenService } = setUp({ tracer: broken.tracer, publisher })
    await expect(brokenService.emit(events(1), context)).rejects.toThrow('a bug')
    expect(broken.spans.map(({ ended }) => ended)).toEqual([1, 1])
  })
})
