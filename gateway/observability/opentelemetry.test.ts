import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startOtlpSink, type OtlpSink, type OtlpSpan } from '../testing/otlp-sink.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { startTracing, wantsTracing } from './opentelemetry.ts'
import type { Tracing, TracingEnvironment, TracingOptions, SpanName } from './tracer.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const sampled = `00-${traceId}-${spanId}-01`
const unsampled = `00-${traceId}-${spanId}-00`

let sink: OtlpSink
let tracing: Tracing | null = null

beforeEach(async () => {
  sink = await startOtlpSink()
})
afterEach(async () => {
  await tracing?.stop()
  tracing = null
  vi.unstubAllEnvs()
  await sink.stop()
})

/** The SDK reads the process's environment, so a test sets that, too. */
async function start(env: TracingEnvironment = {}, more: Partial<TracingOptions> = {}): Promise<Tracing> {
  const all: TracingEnvironment = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env }
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value)
  tracing = await startTracing({ serviceName: 'carillon', version: '1.2.3', env: all, ...more })
  return tracing
}

const named = (name: SpanName): OtlpSpan | undefined => sink.spans().find((span) => span.name === name)

describe('the switch of tracing', () => {
  it.each<[string, TracingEnvironment, boolean]>([
    ['nothing is set', {}, false],
    ['an endpoint is set', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, true],
    ['an endpoint for traces is set', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, true],
    ['an exporter is named', { OTEL_TRACES_EXPORTER: 'console' }, true],
    ['a configuration file is named', { OTEL_CONFIG_FILE: '/otel.yaml' }, true],
    ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, false],
    ['the exporter is none', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    ['the SDK is disabled', { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, false],
    ['only details are set', { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }, false],
  ])('when %s', (_when, env, expected) => {
    expect(wantsTracing(env)).toBe(expected)
  })
})

describe('tracing that is off', () => {
  it('does nothing, and passes no traceparent on', async () => {
    const { tracer, stop } = await startTracing({ serviceName: 'carillon', version: '1', env: {} })
    expect(tracer.enabled).toBe(false)
    expect(tracer.startSpan('emit', { parent: sampled, kind: 'server' }).traceparent).toBe(null)
    await stop()
  })

  it('does not load the SDK', () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
      const { startTracing } = await import(${JSON.stringify(new URL('./opentelemetry.ts', import.meta.url).href)})
      await startTracing({ serviceName: 'carillon', version: '1', env: {} })
      console.log(...['opentelemetry.ts', '@opentelemetry'].map((part) => loaded.filter((url) => url.includes(part)).length))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    expect(stdout).toBe('1 0\n')
  })
})

describe('a trace', () => {
  it('goes from emit over publish and consume to deliver, across processes, by traceparent alone', async () => {
    const { tracer, stop } = await start()
    const emit = tracer.startSpan('emit', { parent: sampled, kind: 'server', attributes: { 'carillon.events': 1 } })
    const publish = tracer.startSpan('publish', { parent: emit.traceparent, kind: 'producer' })
    publish.end()
    emit.end({ attributes: { 'http.response.status_code': 202 } })
    const consume = tracer.startSpan('consume', { parent: publish.traceparent, kind: 'consumer', attributes: { partition: 3, offset: 17 } })
    tracer.startSpan('deliver', { parent: consume.traceparent, kind: 'producer' }).end()
    consume.end()
    await stop()

    expect(sink.requests.map(({ path }) => path)).toEqual(['/v1/traces'])
    expect(sink.spans().map((span) => span.traceId)).toEqual([traceId, traceId, traceId, traceId])
    expect(named('emit')).toMatchObject({
      parentSpanId: spanId,
      kind: 2,
      attributes: { 'carillon.events': 1, 'http.response.status_code': 202 },
      error: null,
    })
    expect(named('publish')).toMatchObject({ parentSpanId: named('emit')?.spanId, kind: 4 })
    expect(named('consume')).toMatchObject({ parentSpanId: named('publish')?.spanId, kind: 5, attributes: { partition: 3, offset: 17 } })
    expect(named('deliver')).toMatchObject({ parentSpanId: named('consume')?.spanId, kind: 4 })
    expect(publish.traceparent).toBe(`00-${traceId}-${named('publish')?.spanId}-01`)
  })

  it('has the message of a failure', async () => {
    const { tracer, stop } = await start()
    tracer.startSpan('publish', { parent: sampled, kind: 'producer' }).end({ error: 'the log did not acknowledge in time' })
    await stop()
    expect(named('publish')?.error).toBe('the log did not acknowledge in time')
  })

  it('starts where there is no parent, or a malformed one', async () => {
    const { tracer, stop } = await start()
    for (const parent of [null, 'garbage', `00-${'0'.repeat(32)}-${spanId}-01`])
      tracer.startSpan('consume', { parent, kind: 'consumer' }).end()
    await stop()
    expect(sink.spans().map((span) => span.parentSpanId)).toEqual([null, null, null])
    expect(new Set([...sink.spans().map((span) => span.traceId), traceId]).size).toBe(4)
  })

  it('that is not sampled is passed on unchanged, and not exported', async () => {
    const { tracer, stop } = await start()
    const span = tracer.startSpan('consume', { parent: unsampled, kind: 'consumer' })
    span.end({ error: 'never seen' })
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await stop()
    expect(span.traceparent).toBe(unsampled)
    expect(sink.spans().map(({ name }) => name)).toEqual(['emit'])
  })

  it('is sampled in spite of its parent by a sampler that ignores parents', async () => {
    const { tracer, stop } = await start({ OTEL_TRACES_SAMPLER: 'always_on' })
    tracer.startSpan('consume', { parent: unsampled, kind: 'consumer' }).end()
    await stop()
    expect(named('consume')).toMatchObject({ traceId, parentSpanId: spanId })
  })

  it('is not exported when the sampler refuses it, but has an identity to pass on', async () => {
    const { tracer, stop } = await start({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' })
    const span = tracer.startSpan('emit', { parent: null, kind: 'server' })
    span.end()
    await stop()
    expect(span.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(sink.requests).toEqual([])
  })
})

describe('the standard variables', () => {
  it('name the service, and the gateway sets the other attributes', async () => {
    const { tracer, stop } = await start({ OTEL_SERVICE_NAME: 'bells', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' })
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await stop()
    expect(sink.resource()).toMatchObject({ 'service.name': 'bells', 'service.version': '1.2.3', 'deployment.environment.name': 'test' })
  })

  it('may name the service among the resource attributes', async () => {
    const { tracer, stop } = await start({ OTEL_RESOURCE_ATTRIBUTES: 'a=b, service.name=chimes' })
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await stop()
    expect(sink.resource()).toMatchObject({ 'service.name': 'chimes' })
  })

  it('may leave out the service name, and options of the command line are not sent', async () => {
    process.argv.push('--kafka-sasl-password=hunter2')
    const { tracer, stop } = await start()
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await stop()
    process.argv.pop()
    expect(sink.resource()).toMatchObject({ 'service.name': 'carillon' })
    expect(sink.requests.map(({ body }) => body.toString()).join()).not.toContain('hunter2')
  })

  it('choose the protocol, by default protobuf over HTTP', async () => {
    const { tracer, stop } = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: undefined })
    tracer.startSpan('emit', { parent: sampled, kind: 'server' }).end()
    await stop()
    expect(sink.requests).toHaveLength(1)
    expect(sink.requests[0]).toMatchObject({ path: '/v1/traces', contentType: 'application/x-protobuf' })
    expect(sink.requests[0]?.body.includes(Buffer.from(traceId, 'hex'))).toBe(true)
  })
})

describe('stopping', () => {
  it('is done once for many calls, and tracing can start again afterwards', async () => {
    const first = await start()
    first.tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await Promise.all([first.stop(), first.stop()])
    await first.stop()
    expect(sink.spans()).toHaveLength(1)
    const second = await start()
    second.tracer.startSpan('publish', { parent: null, kind: 'producer' }).end()
    await second.stop()
    expect(sink.spans().map(({ name }) => name)).toEqual(['emit', 'publish'])
    expect(trace.getTracer('any').startSpan('span').isRecording()).toBe(false)
  })

  it('waits until its deadline for a collector that never answers, and logs that spans were lost', async () => {
    const { logger, lines } = createRecordingLogger()
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo // listens on TCP
    const { tracer, stop } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }, { logger })
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await stop({ deadlineMs: 50 })
    silent.close()
    silent.closeAllConnections()
    expect(lines).toEqual([{ level: 'warn', message: 'last spans not exported', fields: { deadlineMs: 50 } }])
  })
})

describe('a collector that is gone', () => {
  it('causes a log line, and is the reason when the last spans are lost', async () => {
    const { logger, lines } = createRecordingLogger()
    const { tracer, stop } = await start({ OTEL_EXPORTER_OTLP_TIMEOUT: '200', OTEL_BSP_SCHEDULE_DELAY: '1' }, { logger })
    await sink.stop()
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await vi.waitFor(() =>
      expect(lines).toMatchObject([
        {
          level: 'error',
          message: 'message of the tracing SDK',
          fields: { diagnostic: expect.stringContaining('ECONNREFUSED') as string },
        },
      ]),
    )
    tracer.startSpan('emit', { parent: null, kind: 'server' }).end()
    await stop()
    expect(lines.at(-1)).toMatchObject({ level: 'warn', fields: { err: { code: 'ECONNREFUSED' } } })
  })
})
