import { k8s } from 'cdk8s-plus-27'
import type { FileMounts } from './mounted-files.ts'
import type { OperandInput, PodVariable } from './operand-input.ts'
import { gatewayResources } from './resources.ts'

/** Also of the ports of the Service: probes, the Service and monitors name them so. */
export const portNames = { public: 'http', internal: 'internal' } as const

export const temporaryVolume = 'tmp'

const mutableQuantities = (quantities: Readonly<Record<string, string>>): Record<string, k8s.Quantity> =>
  Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, k8s.Quantity.fromString(quantity)]))

/** The one container of a pod, but for its `lifecycle` (`deployment.ts`). */
export function gatewayContainer(input: OperandInput, files: FileMounts): k8s.Container {
  const { gateway } = input.spec
  const { requests, limits } = gatewayResources(input.spec)
  return {
    name: 'gateway',
    image: input.image,
    ...(gateway.imagePullPolicy === undefined ? {} : { imagePullPolicy: gateway.imagePullPolicy }),
    command: ['node', 'gateway/main.ts'],
    env: input.environment.map(variable),
    ports: [
      { name: portNames.public, containerPort: input.ports.public, protocol: 'TCP' },
      { name: portNames.internal, containerPort: input.ports.internal, protocol: 'TCP' },
    ],
    resources: { requests: mutableQuantities(requests), limits: mutableQuantities(limits) },
    ...probes,
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    // A gateway that cannot start says why at the end of its log: so the pod's status says it, too.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: temporaryVolume, mountPath: '/tmp' }, ...files.mounts],
  }
}

/** As the API server would keep it: no empty value (a variable without one is empty), and the version that it would add. */
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
 * A pod reads its window before it is ready, which may take minutes, and waits for brokers that do not answer. Neither is a reason to start it
 * anew: that would take away what it has read, and cure nothing. So it has started when its process answers (`/livez`), it gets connections
 * when it is ready (`/readyz`), and it is started anew when it has been silent for a minute.
 */
const probes = {
  startupProbe: probe('/livez', 1, 60),
  readinessProbe: probe('/readyz', 2, 2),
  livenessProbe: probe('/livez', 10, 6),
} as const
