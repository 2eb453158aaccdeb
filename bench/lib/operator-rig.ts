import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KafkaBroker, startKafka } from '../../testing/kafka/kafka-broker.ts'
import { findFreePortPair } from '../../testing/free-ports.ts'
import { apiOf } from '../../operator/adapters/kubernetes/testing/api-of.ts'
import type { ClosableKubernetesApi } from '../../operator/adapters/kubernetes/kubernetes-api.ts'
import { classKind, classType } from '../../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion, channelKind, channelType, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { aClass } from '../../operator/testing/class-builders.ts'
import { smallestSpec } from '../../operator/testing/channel-builders.ts'
import { startControlPlane, type ControlPlane } from '../../testing/control-plane/control-plane.ts'
import { grantRoles, operatorUser } from '../../operator/testing/grant-roles.ts'
import { installChannelType } from '../../operator/testing/install-channel-type.ts'
import { spawnOperator, sumOf, type OperatorProcess } from '../../testing/processes/operator-process.ts'
import { readUsage } from '../peers/machine/proc.ts'

/** A real API server, a real Kafka, and operators with the rights of the chart. There are no nodes and no controllers. */
export interface OperatorRig {
  readonly api: ClosableKubernetesApi
  /** Resolves when it leads. */
  startOperator(env?: Readonly<Record<string, string>>): Promise<OperatorProcess>
  /** Stops in order: the next operator leads at once. */
  stopOperator(operator: OperatorProcess): Promise<void>
  /** Makes the channels of these numbers, many at a time. Their class fills the fields that they leave out. */
  makeChannels(from: number, to: number, spec?: Partial<RealtimeChannelSpec>): Promise<void>
  /** Returns the processor time of the API server and etcd so far, in seconds. */
  serverCpu(): number
}

export const channelNamespaces = 10

/** Channels are spread over namespaces, like those of teams. */
export const refOfChannel = (n: number): { readonly namespace: string; readonly name: string } => ({
  namespace: `team-${n % channelNamespaces}`,
  name: `channel-${n}`,
})

/** @throws when no API server or no Kafka can be started */
export async function withOperatorRig<T>(run: (rig: OperatorRig) => Promise<T>): Promise<T> {
  const [plane, kafka] = await startBoth()
  const api = apiOf(plane.kubeconfigFile, { timeoutMs: 60_000 })
  const running = new Set<OperatorProcess>()
  try {
    await prepare(plane, api)
    return await run(rigOf({ plane, kafka, api, running }))
  } finally {
    await Promise.all([...running].map((operator) => operator.kill()))
    api.close()
    await Promise.all([plane.stop(), kafka.stop()])
  }
}

async function startBoth(): Promise<readonly [ControlPlane, KafkaBroker]> {
  const plane = await startControlPlane({ users: [{ name: operatorUser }] })
  try {
    return [plane, await startKafka()]
  } catch (error) {
    await plane.stop()
    throw error
  }
}

async function prepare(plane: ControlPlane, api: ClosableKubernetesApi): Promise<void> {
  await installChannelType(plane)
  await grantRoles(plane, { user: operatorUser, watchNamespaces: [] })
  await writeFile(join(plane.directory, 'operator'), plane.userKubeconfig(operatorUser))
  const type = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }
  const { uid: _uid, ...metadata } = aClass({ isDefault: true }).metadata
  const classed = await api.create(classType, { apiVersion, kind: classKind, metadata, spec: { defaults: smallestSpec } })
  if (!classed.ok) throw new Error(classed.error.message)
  for (let n = 0; n < channelNamespaces; n += 1) {
    const made = await api.create(type, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: refOfChannel(n).namespace } })
    if (!made.ok) throw new Error(made.error.message)
  }
}

interface RigParts {
  readonly plane: ControlPlane
  readonly kafka: KafkaBroker
  readonly api: ClosableKubernetesApi
  readonly running: Set<OperatorProcess>
}

/** Requests of this rig in flight. */
const atOnce = 16

function rigOf({ plane, kafka, api, running }: RigParts): OperatorRig {
  async function make(n: number, spec: Partial<RealtimeChannelSpec>): Promise<void> {
    const made = await api.create(channelType, { apiVersion, kind: channelKind, metadata: refOfChannel(n), spec })
    if (!made.ok) throw new Error(`channel ${n}: ${made.error.message}`)
  }
  return {
    api,
    async startOperator(env = {}) {
      // The heap that Node.js takes in a pod of the chart with 512 MiB; without the short lease of tests.
      const defaults = {
        NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=16',
        LEASE_DURATION_MS: '15000',
        RENEW_DEADLINE_MS: '10000',
        RETRY_PERIOD_MS: '2000',
      }
      const operator = spawnOperator({
        kubeconfigFile: join(plane.directory, 'operator'),
        internalPort: await findFreePortPair(),
        env: { KAFKA_BROKERS: kafka.brokers.join(','), ...defaults, ...env },
      })
      running.add(operator)
      await operator.line('became leader')
      return operator
    },
    async stopOperator(operator) {
      operator.signal('SIGTERM')
      await operator.exited
      running.delete(operator)
    },
    async makeChannels(from, to, spec = {}) {
      let next = from
      const work = async (): Promise<void> => {
        while (next < to) await make(next++, spec)
      }
      await Promise.all(Array.from({ length: atOnce }, work))
    },
    serverCpu: () => ['etcd', 'kube-apiserver'].reduce((sum, program) => sum + readUsage(plane.pidOf(program) ?? 0).cpuSeconds, 0),
  }
}

/** Figures that an operator exposes. */
export interface OperatorFigures {
  readonly reconciles: number
  readonly reads: number
  /** Requests that write, except for the Lease: the only object that is replaced (PUT). */
  readonly writes: number
  readonly deploymentsApplied: number
  readonly kafkaRequests: number
  readonly kafkaWrites: number
  /** Keys that wait or are being reconciled. */
  readonly busy: number
  readonly cpuSeconds: number
  readonly rssBytes: number
}

export async function figuresOf(operator: OperatorProcess): Promise<OperatorFigures> {
  const page = await operator.metrics()
  const requests = (method: string): number => sumOf(page, 'rest_client_requests_total', `method="${method}"`)
  const toKafka = (operation: string): number => sumOf(page, 'carillon_operator_kafka_requests_total', `operation="${operation}"`)
  return {
    reconciles: sumOf(page, 'controller_runtime_reconcile_total'),
    reads: requests('GET'),
    writes: requests('POST') + requests('PATCH') + requests('DELETE'),
    deploymentsApplied: sumOf(page, 'carillon_operator_applies_total', 'kind="Deployment",outcome="ok"'),
    kafkaRequests: sumOf(page, 'carillon_operator_kafka_requests_total'),
    kafkaWrites: ['create-topics', 'create-partitions', 'alter-configs', 'delete-topics'].reduce(
      (sum, operation) => sum + toKafka(operation),
      0,
    ),
    busy: sumOf(page, 'workqueue_depth') + sumOf(page, 'controller_runtime_active_workers'),
    cpuSeconds: page.get('process_cpu_seconds_total') ?? 0,
    rssBytes: page.get('process_resident_memory_bytes') ?? 0,
  }
}

/** Polls an operator until its figures are as wanted. @param see called with each figure on the way */
export async function untilFigures(
  operator: OperatorProcess,
  isThere: (figures: OperatorFigures) => boolean,
  see: (figures: OperatorFigures) => void = () => {},
): Promise<OperatorFigures> {
  for (;;) {
    const figures = await figuresOf(operator)
    see(figures)
    if (isThere(figures)) return figures
    await sleep(500)
  }
}
