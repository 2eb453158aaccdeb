import { operandTypes } from '../api/child-types.ts'
import { managedByLabels } from '../api/labels.ts'
import { classType } from '../api/v1alpha1/realtime-channel-class.ts'
import { channelType } from '../api/v1alpha1/realtime-channel.ts'
import type { OperatorConfig } from './config/options.ts'
import type { OperatorAdapters } from './operator-adapters.ts'
import { isRouteKind } from './reconcile/route/plan-route.ts'
import type { ResourceType } from '../api/kubernetes.ts'
import { unlessAborted } from '../program/waiting.ts'
import type { Watcher, WatchHandlers } from './runtime/watcher.ts'

/** The kinds of objects that a channel can own. */
export const childTypes: readonly ResourceType[] = Object.values(operandTypes)

/** Every type that an operator watches. */
export const watchedTypes: readonly ResourceType[] = [classType, channelType, ...childTypes]

export interface Watches {
  readonly all: readonly Watcher[]
  haveSynced(type: ResourceType): boolean
  /**
   * Starts all watches, those of classes first: a channel's claims follow from its class.
   * Resolves when all have synced, or when the signal aborts.
   */
  sync(handlersOf: (watcher: Watcher) => WatchHandlers, signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

type WatchesParts = Pick<OperatorAdapters, 'createWatcher' | 'onlyClass' | 'metrics' | 'clock'>

/**
 * Makes one watch per type and namespace, or one per type for the whole cluster.
 * Watches of children select the objects that an operator made. Watches of routes read all routes: other routes can have a channel's paths.
 */
export function createWatches({ namespaces }: Pick<OperatorConfig, 'namespaces'>, parts: WatchesParts): Watches {
  const scopes: readonly (string | undefined)[] = namespaces.length === 0 ? [undefined] : namespaces
  const types = parts.onlyClass === null ? watchedTypes : watchedTypes.filter((type) => type !== classType)
  const all = types.flatMap((type) =>
    (type.isNamespaced ? scopes : [undefined]).map((namespace) =>
      parts.createWatcher({
        type,
        ...(namespace === undefined ? {} : { namespace }),
        ...(isWatchedWhole(type) ? {} : { labelSelector: managedSelector }),
      }),
    ),
  )
  const of = (type: ResourceType): readonly Watcher[] => all.filter(({ target }) => target.type === type)
  for (const type of types) countEvents(type, of(type), parts)
  return {
    all,
    haveSynced: (type) => of(type).every((watcher) => watcher.state().hasSynced),
    async sync(handlersOf, signal) {
      const classes = of(classType)
      for (const watcher of classes) watcher.start(handlersOf(watcher))
      await untilSynced(classes, signal)
      for (const watcher of all) if (!classes.includes(watcher)) watcher.start(handlersOf(watcher))
      await untilSynced(all, signal)
    },
    async stop() {
      await Promise.all(all.map((watcher) => watcher.stop()))
    },
  }
}

async function untilSynced(watchers: readonly Watcher[], signal: AbortSignal): Promise<void> {
  await unlessAborted(Promise.all(watchers.map(({ synced }) => synced)), signal)
}

const managedSelector = Object.entries(managedByLabels)
  .map(([name, value]) => `${name}=${value}`)
  .join(',')

function isWatchedWhole(type: ResourceType): boolean {
  return type === classType || type === channelType || isRouteKind(type.kind)
}

function countEvents(type: ResourceType, watchers: readonly Watcher[], { metrics, clock }: WatchesParts): void {
  const oldest = (): number => Math.min(...watchers.map((watcher) => watcher.state().lastHeardAtMs ?? Number.NaN))
  metrics.watchLastEventAge.collect(() => (clock.now() - oldest()) / 1_000, { resource: type.plural })
  metrics.watchRelists.collect(() => watchers.reduce((sum, watcher) => sum + watcher.state().relists, 0), { resource: type.plural })
}
