import { channelType } from '../api/v1alpha1/realtime-channel.ts'
import { systemTimers } from '../program/clock.ts'
import type { OperatorConfig } from './config/options.ts'
import { createKnowledge } from './knowledge.ts'
import type { OperatorMetrics } from './observability/metrics.ts'
import type { OperatorAdapters } from './operator-adapters.ts'
import { settingsOf } from './reconcile/settings-of-config.ts'
import type { ChannelWatch } from './reconcile/watch/channel-watch.ts'
import { startDefinitionWatch } from './reconcile/watch/definition-watch.ts'
import type { NamespaceReach } from './reconcile/watch/namespace-reach.ts'
import { createReconciling } from './reconciling.ts'
import { createController, type Controller } from './runtime/controller.ts'
import type { ObjectRef } from '../api/kubernetes.ts'
import { createQueueMeter } from './runtime/queue-meter.ts'
import type { Reconcile } from './runtime/reconcile-run.ts'
import type { Watcher } from './runtime/watcher.ts'
import { createWorkQueue } from './runtime/work-queue.ts'
import { createWatches } from './watches.ts'

/** The operator without the leader election and without the process around it. */
export interface Operator {
  readonly watchers: readonly Watcher[]
  readonly channels: ChannelWatch
  /** Namespaces of the options that cannot be read. */
  readonly reach: Pick<NamespaceReach, 'all'>
  readonly controller: Controller
  readonly reconcile: Reconcile
  /** Starts the watches. Resolves when all have synced, or when the signal aborts. */
  sync(signal: AbortSignal): Promise<void>
  /** Starts to reconcile: every channel once, and each again when it changes. Called after `sync`. */
  work(): void
  /** Idempotent. @returns the channels whose reconciles have not ended by the deadline */
  stop(options: { readonly deadlineMs: number }): Promise<readonly ObjectRef[]>
}

/** Delay of a reconcile after a change of a child: a roll-out changes the Deployment for each of its pods. Milliseconds. */
const childDelayMs = 200

/** Time between two reads of the other operators' Leases. A channel may be left to any of them. Milliseconds. */
export const otherOperatorsPeriodMs = 15_000

/** The name of the controller, and of its queue, in metrics. */
export const controllerName = 'realtimechannel'

/** Assembles an operator. Nothing runs before `sync`. */
export function createOperator(config: OperatorConfig, adapters: OperatorAdapters): Operator {
  const { api, metrics, clock, logger, random } = adapters
  const queue = createWorkQueue({
    meter: createQueueMeter(controllerName, metrics, () => clock.now()),
    now: () => clock.now(),
    random,
    childDelayMs,
  })
  let isWorking = false
  const watches = createWatches(config, adapters)
  const settings = settingsOf(config, adapters.lease)
  const knowledge = createKnowledge(config, {
    adapters,
    settings,
    queue,
    haveChannelsSynced: () => watches.haveSynced(channelType),
    isWorking: () => isWorking,
  })
  const { channels, reach } = knowledge
  countChannels(metrics, { channels, reach, maxChannels: config.metricsMaxChannels })
  const { reconcile, otherOperators } = createReconciling(config, { adapters, settings, knowledge, queue })
  const controller = createController({
    name: controllerName,
    queue,
    reconcile,
    keys: channels.all,
    options: { workers: config.workers, timeoutMs: config.reconcileTimeoutMs, resyncPeriodMs: config.resyncMs },
    metrics,
    logger,
    clock,
    random,
  })
  const enqueueAll = (): void => channels.all().forEach((ref) => queue.add(ref, 'resync'))
  let endDefinitionWatch = (): void => {}
  let otherOperatorsTimer: NodeJS.Timeout | undefined
  return {
    watchers: watches.all,
    channels,
    reach,
    controller,
    reconcile,
    sync: (signal) => watches.sync(knowledge.handlersOf, signal),
    work() {
      isWorking = true
      reach.work()
      otherOperatorsTimer = setInterval(() => void otherOperators.refresh(), otherOperatorsPeriodMs) // never rejects: the API's failures are values
      enqueueAll()
      controller.start()
      endDefinitionWatch = startDefinitionWatch({ api, timers: systemTimers, onChange: enqueueAll })
    },
    async stop({ deadlineMs }) {
      endDefinitionWatch()
      clearInterval(otherOperatorsTimer)
      const left = await controller.stop({ deadlineMs })
      queue.stop()
      await watches.stop()
      return left
    },
  }
}

interface ChannelCounts {
  readonly channels: Pick<ChannelWatch, 'count' | 'readiness'>
  readonly reach: Pick<NamespaceReach, 'all'>
  /** Most channels that have a series of their own (METRICS_MAX_CHANNELS). */
  readonly maxChannels: number
}

function countChannels(metrics: OperatorMetrics, { channels, reach, maxChannels }: ChannelCounts): void {
  metrics.namespacesOutOfReach.collect(() => reach.all().length)
  metrics.channels.collect(() => channels.count().ready, { ready: 'true' })
  metrics.channels.collect(() => channels.count().notReady, { ready: 'false' })
  metrics.channelReady.collect(() =>
    channels
      .readiness(maxChannels)
      .map(({ ref, isReady, reason }) => ({ labels: { namespace: ref.namespace, channel: ref.name, reason }, value: Number(isReady) })),
  )
}
