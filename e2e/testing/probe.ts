import type { Manifest } from '../platform/manifests.ts'
import type { Stage } from './stage.ts'

/** A pod that tries things from inside of the cluster. It runs the platform's own image, which every node has. */
export interface Probe {
  /** @returns `open`, `refused`, or `timeout` when nothing answers within 3 s: what a policy denies is dropped */
  connect(host: string, port: number): Promise<string>
  /** Runs a program of Node.js. @returns what it wrote */
  run(program: string): Promise<string>
}

/** @param namespace where it is; it must be there @param labels further ones */
export async function openProbe(stage: Stage, { name, namespace = stage.namespace, labels = {} }: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }): Promise<Probe> {
  const image = await stage.demand(['get', 'deployment', 'carillon', '--namespace', 'carillon-system', '--output', 'jsonpath={.spec.template.spec.containers[0].image}'])
  await stage.apply(probePod({ name, namespace, labels, image }))
  await stage.demand(['wait', '--for=condition=Ready', `pod/${name}`, '--namespace', namespace, '--timeout=60s'])
  const run = async (program: string): Promise<string> => (await stage.demand(['exec', name, '--namespace', namespace, '--', 'node', '--eval', program])).trim()
  return {
    run,
    connect: (host, port) => run(`
      const socket = require('node:net').connect({ host: ${JSON.stringify(host)}, port: ${port} })
      const say = (text) => { console.log(text); process.exit() }
      socket.setTimeout(3000, () => say('timeout'))
      socket.once('connect', () => say('open'))
      socket.once('error', ({ code }) => say(code === 'ECONNREFUSED' ? 'refused' : code === 'ETIMEDOUT' ? 'timeout' : code))`),
  }
}

const probePod = ({ name, namespace, labels, image }: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>>; readonly image: string }): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'e2e-probe', ...labels } },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{
      name: 'probe',
      image,
      command: ['node', '--eval', 'setInterval(() => {}, 1 << 30)'],
      resources: { requests: { cpu: '10m', memory: '32Mi' } },
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    }],
  },
})
