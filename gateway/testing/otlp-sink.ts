import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A collector of traces on 127.0.0.1, for tests: keeps the requests of an OTLP exporter. */
export interface OtlpSink {
  /** Value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string
  readonly requests: readonly OtlpRequest[]
  /** Returns all spans that came as http/json, in order of arrival. */
  spans(): readonly OtlpSpan[]
  /** Returns the resource of the last request that came as http/json. */
  resource(): Readonly<Record<string, unknown>>
  stop(): Promise<void>
}

export interface OtlpRequest {
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
}

export interface OtlpSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** null for the first span of a trace. */
  readonly parentSpanId: string | null
  /** Number of OTLP: 1 internal, 2 server, 4 producer, 5 consumer. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** The message of a status that is an error, else null. */
  readonly error: string | null
}

export async function startOtlpSink(): Promise<OtlpSink> {
  const requests: OtlpRequest[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const contentType = request.headers['content-type'] ?? ''
    requests.push({ path: request.url ?? '', contentType, body: await readBody(request) })
    response.writeHead(200, { 'content-type': contentType }).end(contentType === 'application/json' ? '{}' : undefined)
  }
  // A request that breaks off fails the test that waits for it.
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listens on TCP
  const groups = (): readonly ResourceSpans[] =>
    requests.filter(({ contentType }) => contentType === 'application/json').flatMap(resourceSpansOf)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    spans: () => groups().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(readSpan))),
    resource: () => readAttributes(groups().at(-1)?.resource.attributes),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer) // without an encoding, a request yields Buffers
  return Buffer.concat(chunks)
}

// The JSON encoding of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest, as far as it is read here.
interface ResourceSpans {
  readonly resource: { readonly attributes?: readonly KeyValue[] }
  readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[]
}
interface JsonSpan extends Omit<OtlpSpan, 'attributes' | 'parentSpanId' | 'error'> {
  readonly parentSpanId?: string
  readonly attributes?: readonly KeyValue[]
  readonly status?: { readonly code?: number; readonly message?: string }
}
interface KeyValue {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

const resourceSpansOf = ({ body }: OtlpRequest): readonly ResourceSpans[] =>
  (JSON.parse(body.toString()) as { readonly resourceSpans: readonly ResourceSpans[] }).resourceSpans // by the protocol

const readAttributes = (attributes: readonly KeyValue[] = []): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

const readSpan = ({ name, traceId, spanId, parentSpanId, kind, attributes, status }: JsonSpan): OtlpSpan => ({
  name,
  traceId,
  spanId,
  parentSpanId: parentSpanId ?? null,
  kind,
  attributes: readAttributes(attributes),
  error: status?.code === 2 ? (status.message ?? '') : null,
})
