import type { Manifest } from '../platform/manifests.ts'
import type { Stage } from '../testing/stage.ts'
import { type Exported, spansOf, type TracedSpan } from './trace.ts'

/** A pod that takes what exporters of OTLP send it, by http/json, and from which a suite asks others. */
export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT, in the same namespace. */
  readonly endpoint: string
  /** All spans of a trace that have come. */
  spans(traceId: string): Promise<readonly TracedSpan[]>
  /** Runs a program of Node.js in it. @returns what it wrote */
  run(program: string): Promise<string>
}

const name = 'collector'
const port = 4318

/** What the pod runs: it keeps what comes, and gives it out. */
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

/** @param image one that has Node.js */
export function collectorObjects(namespace: string, image: string): readonly Manifest[] {
  const labels = { 'app.kubernetes.io/name': 'e2e-collector' }
  const pod: Manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name, image, command: ['node', '--eval', program],
        resources: { requests: { cpu: '10m', memory: '32Mi' } },
        readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      }],
    },
  }
  return [pod, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ name: 'otlp', port }] } }]
}

/** @param objects have been applied */
export async function openCollector(stage: Stage): Promise<Collector> {
  await stage.demand(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s'])
  const run = (text: string): Promise<string> => stage.demand(['exec', name, '--', 'node', '--eval', text])
  return {
    endpoint: `http://${name}.${stage.namespace}.svc:${port}`,
    run,
    spans: async (traceId) => {
      const exported = await run(`fetch('http://127.0.0.1:${port}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`)
      // The program above wrote it, of what gateways sent.
      return spansOf(JSON.parse(exported) as readonly Exported[]).filter((span) => span.traceId === traceId)
    },
  }
}
