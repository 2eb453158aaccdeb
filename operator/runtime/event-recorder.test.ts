import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { createMemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { cutNote, eventType, type RecordedEvent, type Regarding } from './event-object.ts'
import { createEventRecorder, type EventLimits } from './event-recorder.ts'

const minute = 60_000
const channel = (name = 'orders', uid = `uid of ${name}`): Regarding => ({
  apiVersion: 'carillon.dev/v1alpha1',
  kind: 'RealtimeChannel',
  metadata: { namespace: 'shop', name, uid, resourceVersion: '7' },
})
const ready: RecordedEvent = { type: 'Normal', reason: 'Ready', action: 'Reconcile', note: 'browsers can connect' }

function rig(limits: Partial<EventLimits> = {}) {
  const server = createMemoryKubernetes()
  const { metrics, value } = createRecordingMetrics()
  const log = createRecordingLogger()
  const recorder = createEventRecorder({
    api: server,
    identity: 'operator-0_1234',
    metrics,
    logger: log.logger,
    clock: { now: () => Date.now(), wallNow: () => Date.now() },
    limits,
  })
  const dropped = (reason: string): number => value('eventsDropped', { reason })
  return { server, recorder, dropped, lines: log.lines, events: () => server.objects(eventType) }
}

const turn = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }))
afterEach(() => void vi.useRealTimers())

describe('an event recorder', () => {
  it('writes an Event about the object', async () => {
    const { recorder, events } = rig()
    recorder.record(channel(), ready)
    await turn()
    expect(events()).toMatchObject([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'shop', name: expect.stringMatching(/^orders\.[0-9a-f]{16}$/) },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'carillon.dev/operator',
        reportingInstance: 'operator-0_1234',
        regarding: {
          apiVersion: 'carillon.dev/v1alpha1',
          kind: 'RealtimeChannel',
          namespace: 'shop',
          name: 'orders',
          uid: 'uid of orders',
          resourceVersion: '7',
        },
        type: 'Normal',
        reason: 'Ready',
        action: 'Reconcile',
        note: 'browsers can connect',
      },
    ])
  })

  it('writes Events in order, one at a time', async () => {
    const { server, recorder, events } = rig()
    server.setLatency(10)
    for (const note of ['a', 'b', 'c']) recorder.record(channel(), { ...ready, note })
    await vi.advanceTimersByTimeAsync(25)
    expect(events().length).toBe(2)
    await vi.advanceTimersByTimeAsync(10)
    expect(server.writes().length).toBe(3)
  })

  it('counts the same Event in a series, and writes the count at most once a minute', async () => {
    const { server, recorder, events } = rig()
    for (let n = 0; n < 10; n += 1) {
      recorder.record(channel(), ready)
      await vi.advanceTimersByTimeAsync(20_000)
    }
    expect(server.writes().map(({ verb }) => verb)).toEqual(['create', 'mergePatch', 'mergePatch', 'mergePatch'])
    expect(events()).toMatchObject([{ series: { count: 10, lastObservedTime: '2026-01-01T00:03:00.000000Z' } }])
  })

  it('starts a new series when the last Event is long ago', async () => {
    const { recorder, events } = rig()
    recorder.record(channel(), ready)
    await vi.advanceTimersByTimeAsync(6 * minute)
    recorder.record(channel(), ready)
    await turn()
    expect(events().length).toBe(2)
  })

  it('keeps separate series for Events that differ in any visible field, and for different objects of one name', async () => {
    const { recorder, events } = rig()
    recorder.record(channel(), ready)
    recorder.record(channel(), { ...ready, note: 'again' })
    recorder.record(channel(), { ...ready, type: 'Warning' })
    recorder.record(channel('orders', 'another uid'), ready)
    await turn()
    expect(events().length).toBe(4)
  })

  it('cuts fields that are longer than the API accepts, and never in the middle of a character', async () => {
    const { recorder, events } = rig()
    recorder.record(channel('n'.repeat(253)), { ...ready, note: 'ä'.repeat(2_000) })
    await turn()
    const [event] = events()
    expect(event?.metadata.name.length).toBe(253)
    expect(event?.['note']).toBe(`${'ä'.repeat(510)}...`)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 300, maxLength: 1_200 }), (note) => {
        const cut = cutNote(note)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1_024)
        expect(cut === note || note.startsWith(cut.slice(0, -3))).toBe(true)
      }),
    )
  })

  it('writes the Events of objects without a namespace to the namespace default', async () => {
    const { recorder, events } = rig()
    recorder.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } }, ready)
    await turn()
    expect(events()[0]?.metadata.namespace).toBe('default')
  })
})

describe('the limits of an event recorder', () => {
  it('limits the Events of one object to a burst and a slow refill, and does not limit other objects', async () => {
    const { recorder, dropped, events } = rig({ burstPerObject: 3 })
    for (let n = 0; n < 10; n += 1) recorder.record(channel(), { ...ready, note: `${n}` })
    recorder.record(channel('prices'), ready)
    await turn()
    expect([events().length, dropped('object-limit')]).toEqual([4, 7])
    await vi.advanceTimersByTimeAsync(5 * minute)
    for (let n = 10; n < 20; n += 1) recorder.record(channel(), { ...ready, note: `${n}` })
    await turn()
    expect([events().length, dropped('object-limit')]).toEqual([5, 16])
  })

  it('keeps a bounded number of Events waiting while the API server is slow', async () => {
    const { server, recorder, dropped, events } = rig({ maxPending: 5 })
    server.setLatency(1_000)
    for (let n = 0; n < 10; n += 1) recorder.record(channel(`c${n}`), ready)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([events().length, dropped('queue-full')]).toEqual([6, 4])
  })

  it('remembers a bounded number of Events and objects', async () => {
    const { recorder, events } = rig({ maxRemembered: 2 })
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) recorder.record(channel(name), ready)
    await turn()
    // b was forgotten for c, so its second Event is a new one.
    expect(events().map(({ metadata }) => metadata.name.slice(0, 1))).toEqual(['a', 'b', 'b', 'c'])
  })
})

describe('an event that cannot be written', () => {
  it('fails no caller, is counted and logged, and the next one starts a new series', async () => {
    const { server, recorder, dropped, lines, events } = rig()
    server.failNext({ verb: 'create' }, { kind: 'forbidden', message: 'the namespace is being terminated' })
    recorder.record(channel(), ready)
    recorder.record(channel('prices'), ready)
    await turn()
    expect([dropped('failed'), events().length]).toEqual([1, 1])
    expect(lines).toMatchObject([
      { level: 'debug', fields: { namespace: 'shop', kind: 'forbidden', reason: 'the namespace is being terminated' } },
    ])
    recorder.record(channel(), ready)
    await turn()
    expect(events().length).toBe(2)
  })

  it('is created again when the Event of its series is gone', async () => {
    const { server, recorder, events } = rig()
    recorder.record(channel(), ready)
    await vi.advanceTimersByTimeAsync(2 * minute)
    const [event] = events()
    await server.delete(eventType, { namespace: 'shop', name: event?.metadata.name ?? '' }, {})
    recorder.record(channel(), ready)
    await turn()
    expect(events().length).toBe(0)
    recorder.record(channel(), ready)
    await turn()
    expect(events().length).toBe(1)
  })
})

describe('the stop of an event recorder', () => {
  it('writes the waiting Events, and accepts no more', async () => {
    const { server, recorder, dropped, events } = rig()
    server.setLatency(100)
    for (const name of ['a', 'b']) recorder.record(channel(name), ready)
    const stopped = recorder.stop({ deadlineMs: 1_000 })
    recorder.record(channel('c'), ready)
    await vi.advanceTimersByTimeAsync(200)
    await stopped
    await recorder.stop({ deadlineMs: 1_000 })
    expect([events().length, dropped('stopped'), vi.getTimerCount()]).toEqual([2, 1, 0])
  })

  it('waits no longer than its deadline', async () => {
    const { server, recorder, dropped } = rig()
    server.setLatency(60_000)
    for (const name of ['a', 'b', 'c']) recorder.record(channel(name), ready)
    const stopped = recorder.stop({ deadlineMs: 1_000 })
    await vi.advanceTimersByTimeAsync(1_000)
    await stopped
    expect(dropped('stopped')).toBe(2)
  })
})
