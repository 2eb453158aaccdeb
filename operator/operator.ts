import { managedByLabels } from '../api/labels.ts'
import { operandNames } from '../api/child-names.ts'
import { operandTypes } from '../api/child-types.ts'
import type { Logger } from '../program/log/logger.ts'
import { classType } from '../api/v1alpha1/realtime-channel-class.ts'
import { channelType } from '../api/v1alpha1/realtime-channel.ts'
import type { OperatorConfig } from './config/options.ts'
import type { OperatorMetrics } from './observability/metrics.ts'
import { createApplier } from './reconcile/apply/apply.ts'
import { createClaimLooks } from './reconcile/topic/claim-looks.ts'
import { createChannelWatch, type ChannelWatch } from './reconcile/watch/channel-watch.ts'
import { createChildHandlers } from './reconcile/watch/child-watch.ts'
import { createChildren } from './reconcile/watch/child-echoes.ts'
import { withoutClass, type ChannelClass } from './reconcile/class/channel-class.ts'
import { createClassChanges } from './reconcile/class/class-changes.ts'
import { createClassWatch, createOneClass, type Classes } from './reconcile/class/classes.ts'
import { createJudge } from './reconcile/class/judge.ts'
import { createClaims } from './reconcile/watch/claims.ts'
import { startDefinitionWatch } from './reconcile/watch/definition-watch.ts'
import { createDryRun } from './reconcile/dry-run.ts'
import { createObserver } from './reconcile/observe/observe.ts'
import { createRouteObserver } from './reconcile/route/observe-route.ts'
import { createRouteHandlers } from './reconcile/route/other-route-watch.ts'
import { createOtherRoutes } from './reconcile/route/other-routes.ts'
import { isRouteKind } from './reconcile/plan/objects.ts'
import { createPodUsers } from './reconcile/observe/pod-users.ts'
import { createPreviewer } from './reconcile/plan/previewer.ts'
import { createHealMeter } from './reconcile/apply/heal-meter.ts'
import { createNamespaceReach, type NamespaceReach } from './reconcile/watch/namespace-reach.ts'
import { createOtherOperators } from './reconcile/observe/other-operators.ts'
import { createReconciler } from './reconcile/reconciler.ts'
import { names } from './reconcile/settings.ts'
import { settingsOf } from './reconcile/settings-of-config.ts'
import type { KafkaConnection, TopicAdmins } from './reconcile/topic/topic-admin.ts'
import type { Transition } from './reconcile/status/transitions.ts'
import { systemTimers, type Clock } from '../program/clock.ts'
import { createController, type Controller } from './runtime/controller.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../api/kubernetes.ts'
import type { KubernetesApi } from './runtime/kubernetes-api.ts'
import type { Priority } from './runtime/priority.ts'
import { createQueueMeter } from './runtime/queue-meter.ts'
import type { Reconcile } from './runtime/reconcile-run.ts'
import type { Watcher, WatchHandlers, WatchTarget } from './runtime/watcher.ts'
import { createWorkQueue } from './runtime/work-queue.ts'

/** What an operator is made of besides its options; the real ones are made in adapters.ts. */
export interface OperatorAdapters {
  readonly api: KubernetesApi
  readonly createWatcher: (target: WatchTarget) => Watcher
  readonly admins: TopicAdmins
  /** The operator's own way to the Kafka of its options; null: they name none. */
  readonly ownConnection: () => KafkaConnection | null
  /** The Lease that the leader holds: who this operator is, for other operators and for people. */
  readonly lease: ObjectRef
  /** The one class of an operator that does not read those of the cluster (CLASS_FILE); null: it reads them. */
  readonly onlyClass: ChannelClass | null
  /** Tells people by Events; never fails. */
  readonly record: (regarding: KubernetesObject, transition: Transition) => void
  /** May this process write, right now? Asked before each write. */
  readonly mayWrite: () => boolean
  /** Plans are printed, and nothing is done. */
  readonly isDryRun: boolean
  /** A line for a person. */
  readonly print: (line: string) => void
  /** Who this is, in the Events of previews. */
  readonly identity: string
  readonly metrics: OperatorMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}

/** Everything of an operator but who leads, and the process around it. */
export interface Operator {
  readonly watchers: readonly Watcher[]
  readonly channels: ChannelWatch
  /** Namespaces of the options that cannot be read. */
  readonly reach: Pick<NamespaceReach, 'all'>
  readonly controller: Controller
  readonly reconcile: Reconcile
  /** Starts the watches. Resolves when all have seen what there is, or the signal is aborted. */
  sync(signal: AbortSignal): Promise<void>
  /** Begins to reconcile: all channels once, and then whatever changes. After `sync`. */
  work(): void
  /** Idempotent. @returns channels whose reconciles go on all the same */
  stop(options: { readonly deadlineMs: number }): Promise<readonly ObjectRef[]>
}

/** A roll-out tells of each of its pods. Milliseconds. */
const childDelayMs = 200

/** How often the Leases of other operators are looked at, where channels are left to any. Milliseconds. */
const lookAgainMs = 15_000

/** The name of the controller, and of its queue, in metrics. */
export const controllerName = 'realtimechannel'

const childTypes: readonly ResourceType[] = Object.values(operandTypes)

/** Every type that is watched. */
export const watchedTypes: readonly ResourceType[] = [classType, channelType, ...childTypes]

/** Puts the parts together. Nothing runs before `sync`. */
export function createOperator(config: OperatorConfig, adapters: OperatorAdapters): Operator {
  const { metrics, clock, api, admins } = adapters
  const queue = createWorkQueue({
    meter: createQueueMeter(controllerName, metrics, () => clock.now()),
    now: () => clock.now(),
    random: adapters.random,
    childDelayMs,
  })
  const enqueue = (ref: ObjectRef, priority: Priority): void => queue.add(ref, priority)
  const claims = createClaims({ defaultBrokers: config.kafkaBrokers, brokersOfClasses: () => classes.brokers() })
  const children = createChildren()
  const otherRoutes = createOtherRoutes({
    onFull: (route) => adapters.logger.warn({ route }, 'too many routes of others to notice them all'),
  })
  const watches = createWatches(config, adapters)
  const settings = settingsOf(config, adapters.lease)
  const classWatch = createClassWatch({
    withoutClass: withoutClass(settings.topicRules),
    onChange: createClassChanges({
      channelsOf: (change) => channels.ofClass(change),
      enqueueAfter: (ref, afterMs) => queue.addAfter(ref, afterMs, 'resync'),
    }),
    warn: (warning) => adapters.logger.warn(warning, 'a class is not as this operator expects it'),
  })
  const classes: Classes = adapters.onlyClass === null ? classWatch : createOneClass(adapters.onlyClass)
  const judge = createJudge({ api, classes, image: settings.image, brokers: config.kafkaBrokers })
  const claimLooks = createClaimLooks({ nowMs: () => clock.now(), enqueueAfter: (ref, afterMs) => queue.addAfter(ref, afterMs, 'child') })
  const channels: ChannelWatch = createChannelWatch({
    claims,
    judge,
    children,
    claimLooks,
    enqueue,
    hasSynced: () => watches.haveSynced(channelType),
    isWorking: () => isWorking,
  })
  const reach = createNamespaceReach(adapters)
  metrics.namespacesOutOfReach.collect(() => reach.all().length)
  metrics.channels.collect(() => channels.count().ready, { ready: 'true' })
  metrics.channels.collect(() => channels.count().notReady, { ready: 'false' })
  metrics.channelReady.collect(() =>
    channels
      .readiness(config.metricsMaxChannels)
      .map(({ ref, isReady, reason }) => ({ labels: { namespace: ref.namespace, channel: ref.name, reason }, value: Number(isReady) })),
  )
  const otherOperators = createOtherOperators({
    api,
    own: settings.appliedBy,
    now: clock.now,
    onGone: () => channels.all().forEach((ref) => enqueue(ref, 'resync')),
    logger: adapters.logger,
  })
  const healMeter = createHealMeter({ nowMs: clock.wallNow })
  const observer = createObserver({
    api,
    admins,
    ownConnection: adapters.ownConnection,
    claims,
    children,
    routes: createRouteObserver({ api, nowMs: clock.wallNow }),
    otherRoutes,
    otherOperators,
    healMeter,
    assignsPodUsers: createPodUsers({ api, choice: config.gatewayPodUser, nowMs: clock.wallNow }),
    childTypes,
    childNameOf: (name) => operandNames(name).Deployment,
    judge,
    onClaimsChanged: (refs) => refs.forEach((ref) => claimLooks.ask(ref)),
    nowMs: clock.wallNow,
  })
  const reconcile = adapters.isDryRun
    ? createDryRun({ observer, settings, print: adapters.print })
    : createReconciler({
        api,
        admins,
        observer,
        applier: createApplier({ api, children, names, mayWrite: adapters.mayWrite }),
        children,
        healMeter,
        settings,
        record: adapters.record,
        preview: createPreviewer({
          api,
          settings,
          claims,
          judge,
          logger: adapters.logger,
          identity: adapters.identity,
          nowMs: clock.wallNow,
        }),
        mayWrite: adapters.mayWrite,
        enqueue: (ref) => enqueue(ref, 'child'),
        nowMs: clock.wallNow,
      })
  const controller = createController({
    name: controllerName,
    queue,
    reconcile,
    keys: channels.all,
    options: { workers: config.workers, timeoutMs: config.reconcileTimeoutMs, resyncPeriodMs: config.resyncMs },
    metrics,
    logger: adapters.logger,
    clock,
    random: adapters.random,
  })
  let endDefinitionWatch = (): void => {}
  function handlersOf(watcher: Watcher): WatchHandlers {
    const { type, namespace = '' } = watcher.target
    if (type === channelType) return { ...channels.handlers, onReach: (isOut) => reach.changed(namespace, isOut) }
    const hasSynced = (): boolean => watcher.state().hasSynced
    const own = createChildHandlers(type, { children, enqueue, hasSynced })
    return isRouteKind(type.kind) ? createRouteHandlers(type, { otherRoutes, claims, children: own, enqueue, hasSynced }) : own
  }
  let isWorking = false
  let lookAgain: NodeJS.Timeout | undefined
  return {
    watchers: watches.all,
    channels,
    reach,
    controller,
    reconcile,
    async sync(signal) {
      // What channels claim follows from their classes, which are to be known before.
      for (const watcher of watches.of(classType)) watcher.start(classWatch.handlers)
      await watches.untilSynced(signal, [classType])
      for (const watcher of watches.all.filter(({ target }) => target.type !== classType)) watcher.start(handlersOf(watcher))
      return watches.untilSynced(signal)
    },
    work() {
      isWorking = true
      reach.work()
      lookAgain = setInterval(() => void otherOperators.lookAgain(), lookAgainMs) // never rejects: the API's failures are values
      const enqueueAll = (): void => channels.all().forEach((ref) => enqueue(ref, 'resync'))
      enqueueAll()
      controller.start()
      endDefinitionWatch = startDefinitionWatch({ api, timers: systemTimers, onChange: enqueueAll })
    },
    async stop({ deadlineMs }) {
      endDefinitionWatch()
      clearInterval(lookAgain)
      const left = await controller.stop({ deadlineMs })
      queue.stop()
      await Promise.all(watches.all.map((watcher) => watcher.stop()))
      return left
    },
  }
}

interface Watches {
  readonly all: readonly Watcher[]
  of(type: ResourceType): readonly Watcher[]
  haveSynced(type: ResourceType): boolean
  /** @param types @default all */
  untilSynced(signal: AbortSignal, types?: readonly ResourceType[]): Promise<void>
}

/** One watch for each type in each namespace, or in all; of children, only of those that an operator made, and of routes those of others, too. */
function createWatches({ namespaces }: OperatorConfig, { createWatcher, onlyClass, metrics, clock }: OperatorAdapters): Watches {
  const scopes: readonly (string | undefined)[] = namespaces.length === 0 ? [undefined] : namespaces
  const labelSelector = Object.entries(managedByLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  const types = onlyClass === null ? watchedTypes : watchedTypes.filter((type) => type !== classType)
  const isWhole = (type: ResourceType): boolean => type === classType || type === channelType || isRouteKind(type.kind)
  const all = types.flatMap((type) =>
    (type.isNamespaced ? scopes : [undefined]).map((namespace) =>
      createWatcher({ type, ...(namespace === undefined ? {} : { namespace }), ...(isWhole(type) ? {} : { labelSelector }) }),
    ),
  )
  const of = (type: ResourceType): readonly Watcher[] => all.filter(({ target }) => target.type === type)
  for (const type of types) {
    const oldest = (): number => Math.min(...of(type).map((watcher) => watcher.state().lastHeardAtMs ?? Number.NaN))
    metrics.watchLastEventAge.collect(() => (clock.now() - oldest()) / 1_000, { resource: type.plural })
    metrics.watchRelists.collect(() => of(type).reduce((sum, watcher) => sum + watcher.state().relists, 0), { resource: type.plural })
  }
  return {
    all,
    of,
    haveSynced: (type) => of(type).every((watcher) => watcher.state().hasSynced),
    untilSynced: (signal, among = types) => untilTrue(() => among.flatMap(of).every((watcher) => watcher.state().hasSynced), signal),
  }
}

const lookEveryMs = 50

/** Watches do not tell when they have synced. They are asked, which costs nothing. */
function untilTrue(isTrue: () => boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (!isTrue() && !signal.aborted) return
      clearInterval(look)
      resolve()
    }, lookEveryMs)
  })
}
