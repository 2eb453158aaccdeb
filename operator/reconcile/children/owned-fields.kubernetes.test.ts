import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClosableKubernetesApi } from '../../adapters/kubernetes/kubernetes-api.ts'
import { apiOf } from '../../adapters/kubernetes/testing/api-of.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import { useControlPlane } from '../../../testing/use.ts'
import { valueOf } from '../../testing/kubernetes-api-contract.ts'
import { fieldsOf, ownsAllFields } from './owned-fields.ts'

const cluster = useControlPlane()
let api: ClosableKubernetesApi
beforeAll(async () => {
  api = apiOf(cluster.kubeconfigFile)
})
afterAll(async () => {
  api.close()
})

interface Example {
  readonly type: ResourceType
  readonly object: KubernetesObject
  /** Patches of another client that take or remove a field of ours, with their effects. */
  readonly losses: Readonly<Record<string, object>>
  /** Patches of another client that leave our fields alone. */
  readonly additions: Readonly<Record<string, object>>
}

const metadata = {
  name: 'example',
  namespace: 'default',
  labels: { 'app.kubernetes.io/name': 'x', team: 'a' },
  annotations: { 'carillon.dev/note': 'y' },
}
const typeOf = (group: string, plural: string, kind: string, version = 'v1'): ResourceType => ({
  group,
  version,
  plural,
  kind,
  isNamespaced: true,
})
const general = {
  losses: {
    'changes a label': { metadata: { labels: { team: 'b' } } },
    'removes a label': { metadata: { labels: { team: null } } },
    'removes all annotations': { metadata: { annotations: null } },
  },
  additions: {
    'adds a label': { metadata: { labels: { theirs: 'x' } } },
    'adds an annotation': { metadata: { annotations: { 'deployment.kubernetes.io/revision': '1' } } },
  },
}

const container = {
  name: 'gateway',
  image: 'carillon:1',
  env: [
    { name: 'A', value: '1' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  ports: [
    { name: 'http', containerPort: 8000 },
    { name: 'internal', containerPort: 9000, protocol: 'TCP' },
  ],
  resources: { requests: { cpu: '1000m', memory: '256Mi' }, limits: { memory: '0.5Gi' } },
  securityContext: { capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
  readinessProbe: { httpGet: { path: '/readyz', port: 'internal' } },
  lifecycle: { preStop: { sleep: { seconds: 5 } } },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
}
const podSpec = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container],
  volumes: [{ name: 'tmp', emptyDir: {} }],
  nodeSelector: { disk: 'fast' },
  tolerations: [{ key: 'a', operator: 'Exists' }],
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } },
      ],
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'x' } } },
  ],
}
const inPod = (spec: object): object => ({ spec: { template: { spec } } })
const inContainer = (change: object): object => inPod({ containers: [{ ...container, ...change }] })

const examples: readonly Example[] = [
  {
    type: typeOf('apps', 'deployments', 'Deployment'),
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 2,
        minReadySeconds: 5,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
        selector: { matchLabels: { app: 'x' } },
        template: { metadata: { labels: { app: 'x' }, annotations: { a: 'b' } }, spec: podSpec },
      },
    },
    losses: {
      ...general.losses,
      'changes replicas': { spec: { replicas: 3 } },
      'changes the image': inContainer({ image: 'other:1' }),
      'changes a variable': inContainer({ env: [{ name: 'A', value: '2' }, container.env[1]] }),
      'removes a variable': inContainer({ env: [container.env[1]] }),
      'renames a port': inContainer({ ports: [{ name: 'web', containerPort: 8000 }, container.ports[1]] }),
      'changes a request': inContainer({ resources: { ...container.resources, requests: { cpu: '2', memory: '256Mi' } } }),
      'opens the root file system': inContainer({ securityContext: { ...container.securityContext, readOnlyRootFilesystem: false } }),
      'gives back capabilities': inContainer({ securityContext: { ...container.securityContext, capabilities: null } }),
      'removes a probe': inContainer({ readinessProbe: null }),
      'changes a selector of nodes': inPod({ nodeSelector: { disk: 'slow' } }),
      'changes tolerations': inPod({ tolerations: [] }),
      'changes a label of pods': { spec: { template: { metadata: { annotations: { a: 'c' } } } } },
    },
    additions: {
      ...general.additions,
      'adds a variable': inContainer({ env: [...container.env, { name: 'B', value: '1' }] }),
      'adds a container': inPod({ containers: [container, { name: 'sidecar', image: 'sidecar:1' }] }),
      'restarts the pods': { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } } },
    },
  },
  {
    type: typeOf('', 'services', 'Service'),
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ClusterIP', selector: { app: 'x' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
    losses: {
      ...general.losses,
      'changes the selector': { spec: { selector: { app: 'y' } } },
      'changes a target port': { spec: { ports: [{ name: 'http', port: 80, targetPort: 9999 }] } },
    },
    additions: {
      ...general.additions,
      'adds a port': {
        spec: {
          ports: [
            { name: 'http', port: 80, targetPort: 'http' },
            { name: 'other', port: 82 },
          ],
        },
      },
    },
  },
  {
    type: typeOf('networking.k8s.io', 'ingresses', 'Ingress'),
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata,
      spec: {
        ingressClassName: 'x',
        tls: [{ hosts: ['a.example'], secretName: 's' }],
        rules: [
          {
            host: 'a.example',
            http: { paths: [{ path: '/wss/x', pathType: 'Prefix', backend: { service: { name: 'x', port: { name: 'http' } } } }] },
          },
        ],
      },
    },
    losses: {
      ...general.losses,
      'changes the class': { spec: { ingressClassName: 'y' } },
      'removes TLS': { spec: { tls: null } },
      'changes rules': { spec: { rules: [{ host: 'b.example' }] } },
    },
    additions: {
      ...general.additions,
      'adds a default backend': { spec: { defaultBackend: { service: { name: 'y', port: { number: 80 } } } } },
    },
  },
  {
    type: typeOf('networking.k8s.io', 'networkpolicies', 'NetworkPolicy'),
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: { app: 'x' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8000, protocol: 'TCP' }] }],
      },
    },
    losses: {
      ...general.losses,
      'opens it': { spec: { ingress: [{}] } },
      'turns it off': { spec: { podSelector: { matchLabels: { app: 'nobody' } } } },
    },
    additions: { ...general.additions, 'adds egress': { spec: { egress: [{}] } } },
  },
  {
    type: typeOf('policy', 'poddisruptionbudgets', 'PodDisruptionBudget'),
    object: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: { app: 'x' } } },
    },
    losses: {
      ...general.losses,
      'changes the budget': { spec: { maxUnavailable: '50%' } },
      'removes the policy': { spec: { unhealthyPodEvictionPolicy: null } },
    },
    additions: general.additions,
  },
  {
    type: typeOf('autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'v2'),
    object: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
        minReplicas: 2,
        maxReplicas: 5,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
        behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
      },
    },
    losses: {
      ...general.losses,
      'changes the maximum': { spec: { maxReplicas: 9 } },
      'changes the target': {
        spec: { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 10 } } }] },
      },
      'scales another': { spec: { scaleTargetRef: { name: 'y' } } },
    },
    additions: { ...general.additions, 'adds behaviour': { spec: { behavior: { scaleUp: { stabilizationWindowSeconds: 1 } } } } },
  },
  {
    type: typeOf('', 'serviceaccounts', 'ServiceAccount'),
    object: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metadata, finalizers: ['carillon.dev/example'] },
      automountServiceAccountToken: false,
    },
    losses: {
      ...general.losses,
      'mounts tokens': { automountServiceAccountToken: true },
      'removes the finalizer': { metadata: { finalizers: null } },
    },
    additions: {
      ...general.additions,
      'adds a finalizer': { metadata: { finalizers: ['carillon.dev/example', 'bells.example/theirs'] } },
      'adds a secret': { secrets: [{ name: 's' }] },
    },
  },
]

const manager = 'carillon'
const applied = async ({ type, object }: Pick<Example, 'type' | 'object'>): Promise<KubernetesObject> =>
  valueOf(await api.apply(type, object, { fieldManager: manager, force: true }))
const owned = ({ object }: Pick<Example, 'object'>, live: KubernetesObject): boolean => ownsAllFields(object, fieldsOf(live, manager) ?? {})

/**
 * A client that edits the key of an item makes another item, and removes ours. Applied again, ours comes beside theirs, which has the same name, and
 * the server refuses the two: such an object heals only when it is replaced.
 */
const wedges: readonly (readonly [kind: string, number: object])[] = [
  ['Deployment', inContainer({ ports: [{ name: 'http', containerPort: 8001 }, container.ports[1]] })],
  ['Service', { spec: { ports: [{ name: 'http', port: 81, targetPort: 'http' }] } }],
]

describe.each(wedges)('a %s with a changed port number, on the real API server', (kind, change) => {
  it('is not owned, cannot be healed by applying, and is by replacing and applying', async () => {
    const example = examples.find(({ type }) => type.kind === kind) ?? {
      type: typeOf('', '', ''),
      object: { apiVersion: '', kind: '', metadata },
    }
    const { type, object } = example
    await applied(example)
    const edited = valueOf(await api.mergePatch(type, { namespace: 'default', name: 'example' }, { ...change }))
    expect(owned(example, edited)).toBe(false)
    expect(await api.apply(type, object, { fieldManager: manager, force: true })).toMatchObject({
      error: { kind: 'invalid', message: expect.stringContaining('Duplicate value') },
    })
    valueOf(await api.update(type, { ...object, metadata: { ...object.metadata, resourceVersion: edited.metadata.resourceVersion ?? '' } }))
    const healed = await applied(example)
    expect(owned(example, healed)).toBe(true)
    expect((await applied(example)).metadata.resourceVersion).toBe(healed.metadata.resourceVersion)
  })
})

for (const example of examples) {
  const { type, losses, additions } = example
  describe(`a ${type.kind} that was applied, on the real API server`, () => {
    const apply = (): Promise<KubernetesObject> => applied(example)
    const owns = (live: KubernetesObject): boolean => owned(example, live)
    const patch = async (change: object): Promise<KubernetesObject> =>
      valueOf(await api.mergePatch(type, { namespace: 'default', name: 'example' }, { ...change }))

    it('is owned, and applying it again writes nothing', async () => {
      const first = await apply()
      expect(owns(first)).toBe(true)
      expect((await apply()).metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    })

    it.each(Object.entries(losses))(
      'is no longer owned when another client %s, and is owned after the next apply',
      async (_what, change) => {
        expect(owns(await apply())).toBe(true)
        expect(owns(await patch(change))).toBe(false)
        expect(owns(await apply())).toBe(true)
      },
    )

    it.each(Object.entries(additions))('is still owned when another client %s', async (_what, change) => {
      const before = await apply()
      const after = await patch(change)
      expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion)
      expect(owns(after)).toBe(true)
    })
  })
}
