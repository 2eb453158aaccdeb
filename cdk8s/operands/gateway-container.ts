import { k8s } from 'cdk8s-plus-27'
import { gatewayNodeFlags } from '../../program/node-flags.ts'
import type { FileMounts } from './mounted-files.ts'
import type { OperandInput, PodVariable } from './operand-input.ts'
import { gatewayResources } from './resources.ts'

/** Names of the ports of the pod and of the Service, which probes, the Service and monitors use. */
export const portNames = { public: 'http', internal: 'internal' } as const

export const temporaryVolume = 'tmp'

const mutableQuantities = (quantities: Readonly<Record<string, string>>): Record<string, k8s.Quantity> =>
  Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, k8s.Quantity.fromString(quantity)]))

/** Returns the one container of a pod, without its `lifecycle` (`deployment.ts`). */
export function gatewayContainer(input: OperandInput, files: FileMounts): k8s.Container {
  const { gateway } = input.spec
  const { requests, limits } = gatewayResources(input.spec)
  return {
    name: 'gateway',
    image: input.image,
    ...(gateway.imagePullPolicy === undefined ? {} : { imagePullPolicy: gateway.imagePullPolicy }),
    command: ['node', ...gatewayNodeFlags, 'gateway/main.ts'],
    env: input.environment.map(variable),
    ports: [
      { name: portNames.public, containerPort: input.ports.public, protocol: 'TCP' },
      { name: portNames.internal, containerPort: input.ports.internal, protocol: 'TCP' },
    ],
    resources: { requests: mutableQuantities(requests), limits: mutableQuantities(limits) },
    ...probes,
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    // A gateway that cannot start says why in its last log lines. This copies them to the pod's status.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: temporaryVolume, mountPath: '/tmp' }, ...files.mounts],
  }
}

/** Returns a variable as the API server stores it: no empty value (a variable without a value is empty), and the version that it would add. */
function variable(given: PodVariable): k8s.EnvVar {
  if ('field' in given) return { name: given.name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: given.field } } }
  return given.value === '' ? { name: given.name } : { name: given.name, value: given.value }
}

const probe = (path: string, periodSeconds: number, failureThreshold: number): k8s.Probe => ({
  httpGet: { path, port: k8s.IntOrString.fromString(portNames.internal), scheme: 'HTTP' },
  periodSeconds,
  failureThreshold,
  successThreshold: 1,
  timeoutSeconds: 5,
})

/**
 * A pod reads its window before it is ready, which may take minutes, and waits for brokers that do not answer. A restart would lose what the pod has
 * read, and cure nothing. So a pod has started when its process answers (`/livez`). It gets connections when it is ready (`/readyz`). It is restarted
 * when it has not answered for a minute.
 */
const probes = {
  startupProbe: probe('/livez', 1, 60),
  readinessProbe: probe('/readyz', 2, 2),
  livenessProbe: probe('/livez', 10, 6),
} as const
