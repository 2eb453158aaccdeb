import { restrictedPod } from '../platform/manifests.ts'
import { namespaces } from '../platform/platform-steps.ts'
import type { Stage } from './stage.ts'

/** A pod that probes from inside the cluster. It runs the platform's own image, which every node has. */
export interface Probe {
  /**
   *
   * @returns `open`, `refused`, or `timeout` when nothing answers within 3 s: a policy drops what it denies
   */
  connect(host: string, port: number): Promise<string>
  /** Runs a program of Node.js. @returns its output */
  run(program: string): Promise<string>
}

export interface ProbeOptions {
  readonly name: string
  /** Namespace, which must exist. @default that of the stage */
  readonly namespace?: string
  /** Further labels. */
  readonly labels?: Readonly<Record<string, string>>
  /** Program of Node.js that the pod runs, and the port on which it listens. @default nothing */
  readonly serves?: { readonly program: string; readonly port: number }
}

export async function openProbe(stage: Stage, { name, namespace = stage.namespace, labels = {}, serves }: ProbeOptions): Promise<Probe> {
  const image = await stage.demand([
    'get',
    'deployment',
    'carillon',
    '--namespace',
    namespaces.operator,
    '--output',
    'jsonpath={.spec.template.spec.containers[0].image}',
  ])
  const container = {
    image,
    command: ['node', '--eval', serves?.program ?? 'setInterval(() => {}, 1 << 30)'],
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
    ...(serves === undefined ? {} : { readinessProbe: { tcpSocket: { port: serves.port }, periodSeconds: 1 } }),
  }
  await stage.apply(restrictedPod({ name, namespace, labels: { 'app.kubernetes.io/name': 'e2e-probe', ...labels } }, { container }))
  await stage.demand(['wait', '--for=condition=Ready', `pod/${name}`, '--namespace', namespace, '--timeout=120s'])
  const run = async (program: string): Promise<string> =>
    (await stage.demand(['exec', name, '--namespace', namespace, '--', 'node', '--eval', program])).trim()
  return {
    run,
    connect: (host, port) =>
      run(`
      const socket = require('node:net').connect({ host: ${JSON.stringify(host)}, port: ${port} })
      const say = (text) => { console.log(text); process.exit() }
      socket.setTimeout(3000, () => say('timeout'))
      socket.once('connect', () => say('open'))
      socket.once('error', ({ code }) => say(code === 'ECONNREFUSED' ? 'refused' : code === 'ETIMEDOUT' ? 'timeout' : code))`),
  }
}
