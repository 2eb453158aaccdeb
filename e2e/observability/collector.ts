import { openProbe, type Probe } from '../testing/probe.ts'
import type { Stage } from '../testing/stage.ts'
import { type Exported, spansOf, type TracedSpan } from './trace.ts'

/** A pod that stores what exporters of OTLP send, by http/json, and serves it to the suite. */
export interface Collector extends Pick<Probe, 'run'> {
  /** URL for OTEL_EXPORTER_OTLP_ENDPOINT, in the same namespace. */
  readonly endpoint: string
  /** Returns all spans of a trace that have arrived. */
  spans(traceId: string): Promise<readonly TracedSpan[]>
}

const name = 'collector'
const port = 4318

/** Program of the pod: it stores what arrives, and serves it. */
const program = `
const exported = []
require('node:http').createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    if (request.method === 'GET') return response.end(JSON.stringify(exported))
    exported.push(JSON.parse(Buffer.concat(chunks).toString()))
    response.end('{}')
  })
}).listen(${port})`

export async function openCollector(stage: Stage): Promise<Collector> {
  const labels = { 'app.kubernetes.io/name': 'e2e-collector' }
  await stage.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: stage.namespace },
    spec: { selector: labels, ports: [{ name: 'otlp', port }] },
  })
  const { run } = await openProbe(stage, { name, labels, serves: { program, port } })
  return {
    endpoint: `http://${name}.${stage.namespace}.svc:${port}`,
    run,
    spans: async (traceId) => {
      const exported = await run(
        `fetch('http://127.0.0.1:${port}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`,
      )
      // The program above wrote it, from what gateways sent.
      return spansOf(JSON.parse(exported) as readonly Exported[]).filter((span) => span.traceId === traceId)
    },
  }
}
