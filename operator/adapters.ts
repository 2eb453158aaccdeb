import { hostname } from 'node:os'
import { createPinoLogger } from '../program/log/pino.ts'
import type { Logger } from '../program/log/logger.ts'
import { failed, ok, type Result } from '../program/result.ts'
import { operandTypes } from '../api/child-types.ts'
import { readClassFile } from './adapters/class-file.ts'
import { kafkaOperations } from './adapters/kafka/cluster-connection.ts'
import { createOwnConnection } from './adapters/kafka/own-connection.ts'
import { createTopicAdmins } from './adapters/kafka/topic-admins.ts'
import { loadKubeConfig, type KubeConfigOptions, type LoadedKubeConfig } from './adapters/kubernetes/kube-config.ts'
import { createKubernetesApi, type ClosableKubernetesApi, type RequestReport } from './adapters/kubernetes/kubernetes-api.ts'
import type { OperatorConfig } from './config/options.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from './observability/prometheus.ts'
import { controllerName } from './operator.ts'
import type { OperatorAdapters } from './operator-adapters.ts'
import { systemClock } from '../program/clock.ts'
import { createEventRecorder, type EventRecorder } from './runtime/event-recorder.ts'
import type { KubernetesApi } from './runtime/kubernetes-api.ts'
import { uniqueIdentity } from './runtime/lease.ts'
import { createListWatch } from './runtime/list-watch.ts'
import { watchedTypes } from './watches.ts'

/** The real adapters, and everything else that the process needs of them. */
export interface RealAdapters {
  readonly operator: Omit<OperatorAdapters, 'mayWrite' | 'isDryRun' | 'print'>
  readonly recorder: EventRecorder
  /** A separate API client for the Lease. Its renewals must not queue behind a thousand applies. */
  readonly leaseApi: KubernetesApi
  readonly metricsPage: PrometheusMetrics
  readonly logger: Logger
  readonly identity: string
  /** Address of the API server, for the log. */
  readonly server: string
  /**
   * Checked again just before each write is sent, to Kubernetes (except the Lease) or to Kafka: nothing is sent unless it returns true.
   * A reconcile checks before each write, too, but the write may then wait in a queue.
   */
  guardWrites(mayWrite: () => boolean): void
  stop(): Promise<void>
}

/** Builds the adapters. @returns an error when no API server is configured, or when the class in CLASS_FILE is not valid */
export function createOperatorAdapters(config: OperatorConfig, { version }: { readonly version: string }): Result<RealAdapters, string> {
  const kubeConfigOptions: KubeConfigOptions = {
    kubeconfigFile: config.kubeconfig === '' ? null : config.kubeconfig,
    context: config.kubeContext === '' ? null : config.kubeContext,
  }
  const loaded = loadKubeConfig(kubeConfigOptions)
  if (!loaded.ok) return failed(loaded.error)
  const onlyClass = readClassFile(config.classFile)
  if (!onlyClass.ok) return failed(onlyClass.error)
  const logger = createPinoLogger({ format: config.logFormat, level: config.logLevel, name: 'carillon-operator', version })
  const metricsPage = createPrometheusMetrics({
    version,
    controllers: [controllerName],
    leases: [config.leaseName],
    resources: watchedTypes.map(({ plural }) => plural),
    kinds: Object.keys(operandTypes),
    kafkaOperations,
  })
  const { metrics } = metricsPage
  const guard = { mayWrite: () => true }
  const mayWrite = (): boolean => guard.mayWrite()
  const connect = (maxCalls: number, more: Pick<ConnectOptions, 'mayWrite'> = {}): ClosableKubernetesApi =>
    connectTo(loaded.value, { config, kubeConfigOptions, version, maxCalls, onRequest: countRequests(metrics), ...more })
  const [api, leaseApi] = [connect(config.apiMaxInFlight, { mayWrite }), connect(leaseCalls)]
  const clock = systemClock
  const identity = uniqueIdentity(config.podName === '' ? hostname() : config.podName)
  const admins = createTopicAdmins({
    logger,
    now: clock.now,
    mayWrite,
    onRequest: (operation, outcome) => metrics.kafkaRequests.add(1, { operation, outcome }),
  })
  const recorder = createEventRecorder({ api, identity, metrics, logger, clock })
  return ok({
    operator: {
      api: countApplies(api, metrics),
      createWatcher: (target) => createListWatch({ api, target, logger, now: clock.now }),
      admins,
      ownConnection: createOwnConnection(config, clock.now),
      lease: {
        name: config.leaseName,
        namespace: config.leaseNamespace === '' ? (loaded.value.namespace ?? 'default') : config.leaseNamespace,
      },
      record: (regarding, { type, reason, note }) => recorder.record(regarding, { type, reason, note, action: 'Reconcile' }),
      onlyClass: onlyClass.value,
      identity,
      metrics,
      logger,
      clock,
      random: Math.random,
    },
    recorder,
    leaseApi,
    metricsPage,
    logger,
    identity,
    server: loaded.value.server,
    guardWrites(asked) {
      guard.mayWrite = asked
    },
    async stop() {
      await admins.stop()
      api.close()
      leaseApi.close()
    },
  })
}

/** One renewal at a time, and one read between two renewals. */
const leaseCalls = 4

interface ConnectOptions {
  readonly config: OperatorConfig
  readonly kubeConfigOptions: KubeConfigOptions
  readonly version: string
  readonly maxCalls: number
  readonly mayWrite?: () => boolean
  readonly onRequest: (request: RequestReport) => void
}

function connectTo(loaded: LoadedKubeConfig, { config, ...options }: ConnectOptions): ClosableKubernetesApi {
  return createKubernetesApi({ loaded, timeoutMs: config.apiTimeoutMs, ...options })
}

function countRequests(metrics: PrometheusMetrics['metrics']): (request: RequestReport) => void {
  return ({ method, code, seconds }) => {
    metrics.restRequests.add(1, { code: code === 0 ? '<error>' : String(code), method })
    metrics.restDuration.observe(seconds, { verb: method })
  }
}

/** Counts applies of children by kind. A resync must not cause any. */
function countApplies(api: KubernetesApi, metrics: PrometheusMetrics['metrics']): KubernetesApi {
  return {
    ...api,
    async apply(type, object, options) {
      const answer = await api.apply(type, object, options)
      if (type.kind in operandTypes) metrics.applies.add(1, { kind: type.kind, outcome: answer.ok ? 'ok' : answer.error.kind })
      return answer
    },
  }
}
