import { classType } from '../api/v1alpha1/realtime-channel-class.ts'
import { channelType } from '../api/v1alpha1/realtime-channel.ts'
import type { OperatorConfig } from './config/options.ts'
import type { OperatorAdapters } from './operator-adapters.ts'
import { withoutClass } from './reconcile/class/channel-class.ts'
import { createClassChanges } from './reconcile/class/class-changes.ts'
import { createClassWatch, createOneClass, type Classes } from './reconcile/class/classes.ts'
import { createChannelResolver, type ChannelResolver } from './reconcile/class/channel-resolver.ts'
import { isRouteKind } from './reconcile/route/plan-route.ts'
import { createRouteHandlers } from './reconcile/watch/other-route-watch.ts'
import { createOtherRoutes, type OtherRoutes } from './reconcile/route/other-routes.ts'
import type { Settings } from './reconcile/settings.ts'
import { createClaimLooks, type ClaimLooks } from './reconcile/watch/claim-looks.ts'
import { createChannelWatch, type ChannelWatch } from './reconcile/watch/channel-watch.ts'
import { createChildEchoes, type ChildEchoes } from './reconcile/watch/child-echoes.ts'
import { createChildHandlers } from './reconcile/watch/child-watch.ts'
import { createClaims, type Claims } from './reconcile/watch/claims.ts'
import { createNamespaceReach, type NamespaceReach } from './reconcile/watch/namespace-reach.ts'
import type { Watcher, WatchHandlers } from './runtime/watcher.ts'
import type { WorkQueue } from './runtime/work-queue.ts'

/** The operator's memory of the objects that it watches, between reconciles. */
export interface Knowledge {
  readonly channels: ChannelWatch
  readonly children: ChildEchoes
  readonly claims: Claims
  readonly claimLooks: ClaimLooks
  readonly resolver: ChannelResolver
  readonly otherRoutes: OtherRoutes
  /** Namespaces of the options that cannot be read. */
  readonly reach: NamespaceReach
  /** Returns the handlers that feed this knowledge from a watch. */
  handlersOf(watcher: Watcher): WatchHandlers
}

export interface KnowledgeParts {
  readonly adapters: OperatorAdapters
  readonly settings: Settings
  readonly queue: Pick<WorkQueue, 'add' | 'addAfter'>
  /** Returns true when all channels of the first lists were handed over. */
  readonly haveChannelsSynced: () => boolean
  /** Returns true once channels are reconciled. */
  readonly isWorking: () => boolean
}

export function createKnowledge(config: OperatorConfig, { adapters, settings, queue, ...parts }: KnowledgeParts): Knowledge {
  const { api, clock, logger } = adapters
  const enqueue: WorkQueue['add'] = (ref, priority) => queue.add(ref, priority)
  const children = createChildEchoes()
  const claims = createClaims({ defaultBrokers: config.kafkaBrokers, brokersOfClasses: () => classes.brokers() })
  const otherRoutes = createOtherRoutes({ onFull: (route) => logger.warn({ route }, 'too many foreign routes to track') })
  const classWatch = createClassWatch({
    withoutClass: withoutClass(settings.topicRules),
    onChange: createClassChanges({
      channelsOf: (change) => channels.ofClass(change),
      enqueueAfter: (ref, afterMs) => queue.addAfter(ref, afterMs, 'resync'),
    }),
    warn: (warning) => logger.warn(warning, 'a class is not as this operator expects it'),
  })
  const classes: Classes = adapters.onlyClass === null ? classWatch : createOneClass(adapters.onlyClass)
  const resolver = createChannelResolver({ api, classes, image: settings.image, brokers: config.kafkaBrokers })
  const claimLooks = createClaimLooks({ nowMs: () => clock.now(), enqueueAfter: (ref, afterMs) => queue.addAfter(ref, afterMs, 'child') })
  const channels: ChannelWatch = createChannelWatch({
    claims,
    resolver,
    children,
    claimLooks,
    enqueue,
    hasSynced: parts.haveChannelsSynced,
    isWorking: parts.isWorking,
  })
  const reach = createNamespaceReach(adapters)
  return {
    channels,
    children,
    claims,
    claimLooks,
    resolver,
    otherRoutes,
    reach,
    handlersOf(watcher) {
      const { type, namespace = '' } = watcher.target
      if (type === classType) return classWatch.handlers
      if (type === channelType) return { ...channels.handlers, onReach: (isOut) => reach.changed(namespace, isOut) }
      const hasSynced = (): boolean => watcher.state().hasSynced
      const own = createChildHandlers(type, { children, enqueue, hasSynced })
      return isRouteKind(type.kind) ? createRouteHandlers(type, { otherRoutes, claims, children: own, enqueue, hasSynced }) : own
    },
  }
}
