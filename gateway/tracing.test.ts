import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTracing } from './observability/opentelemetry.ts'
import type { Tracing, SpanName } from './observability/tracer.ts'
import { spawnGateway } from '../testing/processes/gateway-process.ts'
import { type OtlpSink, type OtlpSpan, startOtlpSink } from './testing/otlp-sink.ts'
import { createTestLog, startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

/** One event, from the request that emits it to the sockets of every pod: one trace. */

let sink: OtlpSink
let tracing: Tracing | null = null
const running: TestGateway[] = []

beforeEach(async () => {
  sink = await startOtlpSink()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
  await tracing?.stop()
  tracing = null
  vi.unstubAllEnvs()
  await sink.stop()
})

const exporter = (): Readonly<Record<string, string>> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: sink.endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
})

/** A gateway that traces into the sink. Those of one process share the SDK, which is the process's. */
async function startTraced(options: TestGatewayOptions = {}): Promise<TestGateway> {
  for (const [name, value] of Object.entries(exporter())) vi.stubEnv(name, value)
  tracing ??= await startTracing({ serviceName: 'carillon-gateway', version: '0', env: process.env })
  return start({ ...options, adapters: { tracer: tracing.tracer } })
}

async function start(options: TestGatewayOptions): Promise<TestGateway> {
  const gateway = await startTestGateway(options)
  running.push(gateway)
  return gateway
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
/** The context of a caller. */
function aCaller(flags: '00' | '01' = '01') {
  const [traceId, spanId] = [hex(16), hex(8)]
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` }
}

/** All that was exported, after the exporter has been emptied. */
async function exported(): Promise<readonly OtlpSpan[]> {
  await tracing?.stop()
  return sink.spans()
}

const named = (spans: readonly OtlpSpan[], name: SpanName): readonly OtlpSpan[] => spans.filter((span) => span.name === name)
const connected = async (gateway: TestGateway, user: string) =>
  openSocket(gateway.socketUrl, { token: await gateway.token({ user_id: user }) })

/** Each span as `name < parent's name`, the caller's as `caller`. */
function lineage(spans: readonly OtlpSpan[], caller: { readonly spanId: string }): readonly string[] {
  const nameOf = (id: string | null): string =>
    id === caller.spanId ? 'caller' : (spans.find(({ spanId }) => spanId === id)?.name ?? 'nobody')
  return spans.map(({ name, parentSpanId }) => `${name} < ${nameOf(parentSpanId)}`).toSorted()
}

describe('an emit with a sampled traceparent', () => {
  it('is one trace: emit, publish, a consume per pod, and a deliver on each pod with a recipient', async () => {
    const log = createTestLog()
    const pods = [await startTraced({ log }), await startTraced({ log }), await startTraced({ log })]
    const [first, second] = pods
    if (first === undefined || second === undefined) throw new Error('three were started')
    const sockets = await Promise.all([connected(first, 'ann'), connected(first, 'ann'), connected(second, 'ann')])
    const caller = aCaller()
    expect((await first.emit({ id: 'one', type: 't', users: ['ann'] }, { traceparent: caller.traceparent })).status).toBe(202)
    await Promise.all(sockets.map((socket) => socket.until(1)))
    await vi.waitFor(() => expect(pods.map(({ metrics }) => metrics.value('recordsRead'))).toEqual([1, 1, 1]))
    const spans = await exported()
    expect(lineage(spans, caller)).toEqual([
      ...Array<string>(3).fill('consume < publish'),
      ...Array<string>(2).fill('deliver < consume'),
      'emit < caller',
      'publish < emit',
    ])
    expect([new Set(spans.map(({ traceId }) => traceId)), new Set(spans.map(({ error }) => error))]).toEqual([
      new Set([caller.traceId]),
      new Set([null]),
    ])
    expect(new Set(named(spans, 'deliver').map(({ parentSpanId }) => parentSpanId)).size).toBe(2)
  })

  it("leaves the event's own traceparent as it came, on the wire and in the record", async () => {
    const log = createTestLog()
    const [first, second] = [await startTraced({ log }), await startTraced({ log })]
    const sockets = [await connected(first, 'ann'), await connected(second, 'ann')]
    const [caller, own] = [aCaller(), aCaller().traceparent]
    const event = {
      specversion: '1.0',
      id: 'own',
      source: '/s',
      type: 't',
      audience: '{"users":["ann"]}',
      traceparent: own,
      tracestate: 'vendor=1',
    }
    const headers = { 'content-type': 'application/cloudevents+json', traceparent: caller.traceparent }
    expect(
      (await fetch(`${first.url}/api/chrome-service/v1/events`, { method: 'POST', headers, body: JSON.stringify(event) })).status,
    ).toBe(202)
    const received = await Promise.all(sockets.map(async (socket) => (await socket.until(1))[0]))
    expect(received.map((one) => [one?.['traceparent'], one?.['tracestate']])).toEqual([
      [own, 'vendor=1'],
      [own, 'vendor=1'],
    ])
    expect(new Set((await exported()).map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]))
  })

  it('has one publish per event of a batch, below one emit', async () => {
    const gateway = await startTraced()
    const socket = await connected(gateway, 'ann')
    const batch = [1, 2, 3].map((id) => ({ specversion: '1.0', id: String(id), source: '/s', type: 't', audience: '{"broadcast":true}' }))
    const caller = aCaller()
    const headers = { 'content-type': 'application/cloudevents-batch+json', traceparent: caller.traceparent }
    await fetch(`${gateway.url}/api/chrome-service/v1/events`, { method: 'POST', headers, body: JSON.stringify(batch) })
    await socket.until(3)
    const spans = await exported()
    expect(lineage(spans, caller)).toEqual([
      ...Array<string>(3).fill('consume < publish'),
      ...Array<string>(3).fill('deliver < consume'),
      'emit < caller',
      ...Array<string>(3).fill('publish < emit'),
    ])
    expect(new Set(named(spans, 'consume').map(({ parentSpanId }) => parentSpanId)).size).toBe(3)
  })

  it('says what became of it when the log did not acknowledge', async () => {
    const gateway = await startTraced()
    gateway.log.faults.failNextPublish({ kind: 'unavailable', detail: 'for the test' })
    const caller = aCaller()
    expect((await gateway.emit({ type: 't', broadcast: true }, { traceparent: caller.traceparent })).status).toBe(503)
    const spans = await exported()
    expect(spans.map(({ name, error }) => [name, error]).toSorted()).toEqual([
      ['emit', 'unavailable: for the test'],
      ['publish', 'unavailable: for the test'],
    ])
  })

  it('names places in the topic, and never users or content of the event', async () => {
    const gateway = await startTraced()
    const socket = await connected(gateway, 'hunter2')
    await gateway.emit({ id: 'hunter2', type: 'hunter2', users: ['hunter2'], payload: 'hunter2' }, { traceparent: aCaller().traceparent })
    await socket.until(1)
    const spans = await exported()
    expect(named(spans, 'consume')[0]?.attributes).toEqual({ partition: expect.anything(), offset: expect.anything() })
    expect(JSON.stringify(sink.requests.map(({ body }) => body.toString()))).not.toContain('hunter2')
  })
})

describe('an emit without a traceparent header', () => {
  it("is traced below the event's own, which stays as it is", async () => {
    const gateway = await startTraced()
    const socket = await connected(gateway, 'ann')
    const own = aCaller()
    const event = { specversion: '1.0', id: 'own', source: '/s', type: 't', audience: '{"users":["ann"]}', traceparent: own.traceparent }
    await fetch(`${gateway.url}/api/chrome-service/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
    })
    expect((await socket.until(1))[0]?.['traceparent']).toBe(own.traceparent)
    expect(lineage(await exported(), own)).toEqual(['consume < publish', 'deliver < consume', 'emit < caller', 'publish < emit'])
  })

  it('begins a trace when the event has none either, and adds none to the event', async () => {
    const gateway = await startTraced()
    const socket = await connected(gateway, 'ann')
    await gateway.emit({ type: 't', users: ['ann'] }, { traceparent: 'this is none' })
    expect((await socket.until(1))[0]).not.toHaveProperty('traceparent')
    const spans = await exported()
    expect([lineage(spans, { spanId: '' }), new Set(spans.map(({ traceId }) => traceId)).size]).toEqual([
      ['consume < publish', 'deliver < consume', 'emit < nobody', 'publish < emit'],
      1,
    ])
  })
})

describe('records of other producers', () => {
  it("are traced below the record's header, else below the event's own, and not at all without either", async () => {
    const gateway = await startTraced()
    const socket = await connected(gateway, 'ann')
    const [transport, own] = [aCaller(), aCaller()]
    const headers = { ce_specversion: '1.0', ce_source: '/s', ce_type: 't', ce_audience: '{"broadcast":true}' }
    gateway.log.append([
      { partition: 0, headers: { ...headers, ce_id: 'both', ce_traceparent: own.traceparent, traceparent: transport.traceparent } },
      { partition: 0, headers: { ...headers, ce_id: 'own', ce_traceparent: own.traceparent } },
      { partition: 0, headers: { ...headers, ce_id: 'neither' } },
      { partition: 0, headers: { ...headers, ce_id: 'garbage', traceparent: 'this is none' } },
    ])
    expect((await socket.until(4)).map((event) => event['traceparent'])).toEqual([own.traceparent, own.traceparent, undefined, undefined])
    const spans = await exported()
    expect(named(spans, 'consume').map(({ parentSpanId }) => parentSpanId)).toEqual([transport.spanId, own.spanId])
  })
})

describe('a trace that is off', () => {
  it("exports nothing when the caller's parent is not sampled, and is passed on all the same", async () => {
    const gateway = await startTraced()
    const socket = await connected(gateway, 'ann')
    await gateway.emit({ type: 't', users: ['ann'] }, { traceparent: aCaller('00').traceparent })
    await socket.until(1)
    expect([await exported(), sink.requests]).toEqual([[], []])
  })

  it("is not started by a gateway without tracing, which passes the caller's context on", async () => {
    const log = createTestLog()
    const [silent, traced] = [await start({ log }), await startTraced({ log })]
    const sockets = [await connected(silent, 'ann'), await connected(traced, 'ann')]
    const caller = aCaller()
    await silent.emit({ type: 't', users: ['ann'] }, { traceparent: caller.traceparent })
    await Promise.all(sockets.map((socket) => socket.until(1)))
    expect(lineage(await exported(), caller)).toEqual(['consume < caller', 'deliver < consume'])
  })
})

describe('the process', () => {
  it('traces when the standard variables say so, names itself, and gives away what is left when it stops', async () => {
    const child = spawnGateway({ env: { PORT: '0', INTERNAL_PORT: '0', DRAIN_MS: '0', ...exporter(), OTEL_BSP_SCHEDULE_DELAY: '60000' } })
    try {
      const url = `http://127.0.0.1:${String((await child.line('listening'))['port'])}`
      const caller = aCaller()
      const emitted = await fetch(`${url}/api/chrome-service/v1/emit-message`, {
        method: 'POST',
        headers: { traceparent: caller.traceparent },
        body: '{"type":"t","broadcast":true}',
      })
      expect([emitted.status, sink.spans()]).toEqual([202, []])
      child.signal('SIGTERM')
      expect(await child.exited).toEqual({ code: 0, signal: null })
      expect(lineage(sink.spans(), caller)).toEqual(['consume < publish', 'emit < caller', 'publish < emit'])
      expect(sink.resource()['service.name']).toBe('carillon-gateway')
    } finally {
      await child.kill()
    }
  })
})
