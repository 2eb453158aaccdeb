import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { operandNames } from '../../api/child-names.ts'
import { operandTypes, type OperandKind } from '../../api/child-types.ts'
import { findFreePortPair } from '../../testing/free-ports.ts'
import { startKafka, type KafkaBroker } from '../../testing/kafka/kafka-broker.ts'
import type { Logger } from '../../program/log/logger.ts'
import { createTopicAdmins } from '../adapters/kafka/topic-admins.ts'
import { loadKubeConfig } from '../adapters/kubernetes/kube-config.ts'
import { createKubernetesApi, type ClosableKubernetesApi } from '../adapters/kubernetes/kubernetes-api.ts'
import { classType, type RealtimeChannelClass } from '../../api/v1alpha1/realtime-channel-class.ts'
import {
  apiVersion,
  channelKind,
  channelType,
  type RealtimeChannelSpec,
  type RealtimeChannelStatus,
} from '../../api/v1alpha1/realtime-channel.ts'
import { isMissing, type TopicAdmin, type TopicAdmins, type TopicDescription } from '../reconcile/topic/topic-admin.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { askCluster } from './ask-cluster.ts'
import { openClass } from './class-builders.ts'
import { smallestSpec } from './channel-builders.ts'
import { defaultControllers, startControlPlane, type ControlPlane } from '../../testing/control-plane/control-plane.ts'
import { grantRoles, operatorUser } from './grant-roles.ts'
import { installChannelType } from './install-channel-type.ts'
import { valueOf } from './kubernetes-api-contract.ts'
import { spawnOperator, type OperatorProcess } from '../../testing/processes/operator-process.ts'

export { grantRoles, operatorUser }

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }
export const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', isNamespaced: true }

/** A real API server with RBAC, a real Kafka, and operators between them. Only nodes are missing. */
export interface TestCluster {
  readonly plane: ControlPlane
  readonly kafka: KafkaBroker
  /** API client of an administrator. */
  readonly api: ClosableKubernetesApi
  readonly topics: TopicAdmin
  /** Starts an operator with the rights of the chart, and waits until its watches have synced. */
  startOperator(options?: StartTestOperator): Promise<OperatorProcess>
  /** Creates a namespace for one test. */
  makeNamespace(): Promise<string>
  /** Applies a manifest as `kubectl apply` does. */
  apply(type: ResourceType, object: KubernetesObject): Promise<KubernetesObject>
  stop(): Promise<void>
}

export interface StartTestOperator {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly isWaitedFor?: boolean
  /** Kubeconfig of the operator, as text. @default direct access, with the rights of the chart */
  readonly kubeconfig?: string
}

export interface TestClusterOptions {
  readonly kafkaOptions?: Parameters<typeof startKafka>[0]
  /** Users with a token, besides the administrator and the operator. */
  readonly users?: readonly string[]
  readonly apiServerFlags?: readonly string[]
  /** Controllers besides `defaultControllers`. @default none: no controller creates pods */
  readonly controllers?: readonly string[]
  /** Classes of the cluster. @default a default class that allows everything */
  readonly classes?: readonly RealtimeChannelClass[]
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Starts the cluster, in about ten seconds. */
export async function startTestCluster({
  kafkaOptions = {},
  users = [],
  apiServerFlags = [],
  controllers = [],
  classes = [openClass],
}: TestClusterOptions = {}): Promise<TestCluster> {
  const known = [operatorUser, ...users].map((name) => ({ name }))
  const [plane, kafka] = await Promise.all([
    startControlPlane({ controllers: [...defaultControllers, ...controllers], users: known, apiServerFlags }),
    startKafka(kafkaOptions),
  ])
  const api = connect(plane)
  const admins: TopicAdmins = createTopicAdmins({ logger: silent, now: Date.now })
  await installChannelType(plane)
  for (const {
    metadata: { uid: _uid, ...metadata },
    ...more
  } of classes)
    valueOf(await api.create(classType, { ...more, metadata }))
  await grantRoles(plane, { user: operatorUser, watchNamespaces: [] })
  const operators: OperatorProcess[] = []
  let namespaces = 0
  return {
    plane,
    kafka,
    api,
    topics: admins.of({ brokers: kafka.brokers, tls: null, sasl: null }),
    async startOperator({ env = {}, args = [], isWaitedFor = true, kubeconfig = plane.userKubeconfig(operatorUser) } = {}) {
      const internalPort = await findFreePortPair()
      const kubeconfigFile = join(plane.directory, `operator-${internalPort}-kubeconfig`)
      await writeFile(kubeconfigFile, kubeconfig)
      const operator = spawnOperator({ kubeconfigFile, internalPort, env: { KAFKA_BROKERS: kafka.brokers.join(','), ...env }, args })
      operators.push(operator)
      if (isWaitedFor) await operator.line('watches synced')
      return operator
    },
    async makeNamespace() {
      namespaces += 1
      const name = `team-${namespaces}`
      valueOf(await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
      return name
    },
    async apply(type, object) {
      return valueOf(await api.apply(type, object, { fieldManager: 'kubectl', force: true }))
    },
    async stop() {
      await Promise.all(operators.map((operator) => operator.kill()))
      await admins.stop()
      api.close()
      await Promise.all([plane.stop(), kafka.stop()])
    },
  }
}

function connect(plane: ControlPlane): ClosableKubernetesApi {
  const kubeConfigOptions = { kubeconfigFile: plane.kubeconfigFile, context: null }
  const loaded = loadKubeConfig(kubeConfigOptions)
  if (!loaded.ok) throw new Error(loaded.error)
  return createKubernetesApi({ loaded: loaded.value, kubeConfigOptions, version: 'test' })
}

/** A channel in a test's namespace, with the actions and assertions of tests. */
export interface TestChannel {
  readonly namespace: string
  readonly name: string
  /** Applies a whole manifest as `kubectl apply` does: omitted fields are removed. */
  apply(spec?: Partial<RealtimeChannelSpec>, annotations?: Readonly<Record<string, string>>): Promise<void>
  get(): Promise<KubernetesObject>
  status(): Promise<RealtimeChannelStatus>
  child(kind: OperandKind): Promise<KubernetesObject | null>
  /** Resolves with the condition's message when the condition is as given. @throws with its state when it is not within 60 s */
  until(type: string, status: string, reason: string): Promise<string>
  /** Returns the versions of the channel and its objects, by kind: every write shows here. */
  versions(): Promise<Readonly<Record<string, string>>>
  topic(): Promise<TopicDescription | null>
  /** Reports all pods, or this number of pods, as available, as the Deployment's controller does. */
  pretendAvailable(options?: { readonly available?: number }): Promise<void>
}

export function testChannel({ api, plane, topics, apply }: TestCluster, namespace: string, name = 'news'): TestChannel {
  const ref = { namespace, name }
  const child = async (kind: OperandKind): Promise<KubernetesObject | null> => {
    const found = await api.get(operandTypes[kind], { namespace, name: operandNames(name)[kind] })
    return found.ok ? found.value : null
  }
  const get = async (): Promise<KubernetesObject> => valueOf(await api.get(channelType, ref))
  const status = async (): Promise<RealtimeChannelStatus> => (await get())['status'] ?? {} // the operator wrote it by the schema
  return {
    namespace,
    name,
    async apply(spec = {}, annotations = {}) {
      await apply(channelType, {
        apiVersion,
        kind: channelKind,
        metadata: { name, namespace, annotations },
        spec: { ...smallestSpec, ...spec },
      })
    },
    get,
    status,
    child,
    until: (type, wanted, reason) =>
      vi.waitFor(
        async () => {
          const { metadata } = await get()
          const found = (await status()).conditions?.find((condition) => condition.type === type)
          if (found?.status === wanted && found.reason === reason && found.observedGeneration === metadata.generation) return found.message
          throw new Error(`${type} is ${JSON.stringify(found)} at generation ${metadata.generation}, not ${wanted} for ${reason}`)
        },
        { timeout: 60_000, interval: 50 },
      ),
    async versions() {
      const kinds = Object.keys(operandTypes) as OperandKind[] // the keys of the table
      const children = await Promise.all(kinds.map(async (kind) => [kind, (await child(kind))?.metadata.resourceVersion] as const))
      return Object.fromEntries(
        [...children, ['RealtimeChannel', (await get()).metadata.resourceVersion] as const].flatMap(([kind, version]) =>
          version === undefined ? [] : [[kind, version]],
        ),
      )
    },
    async topic() {
      const { spec } = await get()
      const asked = (spec as { readonly topic?: { readonly name?: string } }).topic?.name // by the schema
      const found = await topics.describe(asked ?? `${namespace}.${name}`)
      if (!found.ok) throw new Error(found.error.detail)
      return isMissing(found.value) ? null : found.value
    },
    async pretendAvailable({ available } = {}) {
      const deployment = await child('Deployment')
      const spec = deployment?.['spec'] as { readonly replicas?: number } | undefined // a Deployment
      const replicas = spec?.replicas ?? 1
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${operandNames(name).Deployment}/status`
      const body = {
        status: {
          observedGeneration: deployment?.metadata.generation,
          replicas,
          updatedReplicas: replicas,
          readyReplicas: available ?? replicas,
          availableReplicas: available ?? replicas,
          conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }],
        },
      }
      const patched = await askCluster(plane, { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
      if (patched.code >= 300) throw new Error(patched.body.message)
    },
  }
}
