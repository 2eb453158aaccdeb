import type { KubernetesObject, ObjectRef } from '../../../api/kubernetes.ts'
import type { Priority } from '../../runtime/priority.ts'
import type { WatchHandlers } from '../../runtime/watcher.ts'
import type { ChildEchoes } from './child-echoes.ts'
import type { ClassChange } from '../class/classes.ts'
import type { ChannelResolver } from '../class/channel-resolver.ts'
import type { ClaimLooks } from './claim-looks.ts'
import type { Claims } from './claims.ts'
import { isConditionReason, type ConditionReason } from '../condition-reasons.ts'
import type { RouteHolder } from '../route/claims.ts'
import type { TopicHolder } from '../topic/claims.ts'
import { topicUses } from '../topic/topic-uses.ts'
import { parseChannel } from '../parse-channel.ts'
import { heldRoute } from '../route/record.ts'
import { keyOf, refOf } from '../../../api/object-ref.ts'

/** The operator's memory of all channels between reconciles: names, fingerprints and claims. No specs. */
export interface ChannelWatch {
  readonly handlers: WatchHandlers
  /** Returns all known channels. */
  all(): readonly ObjectRef[]
  /** Returns the channels whose class may have changed. */
  ofClass(change: ClassChange): readonly ObjectRef[]
  /** Counts the channels that are Ready, and those that are not. */
  count(): { readonly ready: number; readonly notReady: number }
  /** Returns the readiness of channels, at most `max` of them, those that are not Ready first. */
  readiness(max: number): readonly ChannelReadiness[]
}

export interface ChannelReadiness {
  readonly ref: ObjectRef
  readonly isReady: boolean
  /** Reason of the condition Ready. */
  readonly reason: ConditionReason
}

export interface ChannelWatchParts {
  readonly claims: Claims
  readonly resolver: Pick<ChannelResolver, 'resolveKnown'>
  readonly children: Pick<ChildEchoes, 'forget'>
  readonly claimLooks: ClaimLooks
  /** Requests a reconcile of a channel. */
  readonly enqueue: (channel: ObjectRef, priority: Priority) => void
  /** Returns true when the first list is complete. Events that follow are changes, and not existing objects. */
  readonly hasSynced: () => boolean
  /** Returns true once channels are reconciled. A changed channel is then soon checked with the labels of its namespace. */
  readonly isWorking: () => boolean
}

interface Known {
  readonly ref: ObjectRef
  readonly fingerprint: string
  /** Topics and route in the status. Claims depend on them. */
  readonly topics: string
  readonly route: string
  /** Undefined: the channel names no class. */
  readonly className: string | undefined
  readonly isReady: boolean
  readonly reason: ConditionReason
}

/** Turns the events of channels into work. */
export function createChannelWatch({
  claims,
  resolver,
  children,
  claimLooks,
  enqueue,
  hasSynced,
  isWorking,
}: ChannelWatchParts): ChannelWatch {
  const channels = new Map<string, Known>()
  let ready = 0

  function remember(known: Known): Known | undefined {
    const key = keyOf(known.ref)
    const before = channels.get(key)
    channels.set(key, known)
    ready += Number(known.isReady) - Number(before?.isReady ?? false)
    return before
  }

  return {
    handlers: {
      onUpsert(object) {
        const ref = refOf(object)
        const known: Known = {
          ref,
          fingerprint: fingerprintOf(object),
          topics: topicsOf(object),
          route: routeOf(object),
          className: classOf(object),
          ...readinessOf(object),
        }
        const before = remember(known)
        const isChanged = before?.fingerprint !== known.fingerprint
        const hasOtherTopics = before?.topics !== known.topics
        if (!isChanged && !hasOtherTopics && before?.route === known.route) return
        const parsed = parseChannel(object)
        // Before the operator works, every known channel must claim, so that the older of two rivals wins. After that, no channel claims by
        // a class that it may not use.
        const resolved = parsed.ok ? resolver.resolveKnown(parsed.value.channel, isWorking() ? 'refused' : 'allowed') : parsed
        const affected = resolved.ok ? claims.upsert(resolved.value.channel, resolved.value.topicRules) : claims.suspend(holderOf(object))
        if (isChanged) {
          enqueue(ref, hasSynced() ? 'user' : 'resync')
          for (const other of affected) enqueue(other, 'child')
          return
        }
        // The operator wrote the status, and its topic is also claimed by another channel.
        if (hasOtherTopics && affected.length > 0) claimLooks.ask(ref)
        for (const other of affected) claimLooks.ask(other)
      },
      onDelete(ref) {
        const before = channels.get(keyOf(ref))
        channels.delete(keyOf(ref))
        ready -= Number(before?.isReady ?? false)
        children.forget(ref)
        claimLooks.forget(ref)
        for (const other of claims.remove(ref)) enqueue(other, 'child')
      },
    },
    all: () => [...channels.values()].map(({ ref }) => ref),
    ofClass: ({ name, isDefault }) =>
      [...channels.values()].filter(({ className }) => (className === undefined ? isDefault : className === name)).map(({ ref }) => ref),
    count: () => ({ ready, notReady: channels.size - ready }),
    readiness: (max) => {
      const all = [...channels.values()]
      return [...all.filter(({ isReady }) => !isReady), ...all.filter(({ isReady }) => isReady)].slice(0, max)
    },
  }
}

/**
 * Returns a text that changes exactly when a user changes the channel. The operator's own writes of the status do not count. A channel that
 * was deleted and created again has another uid.
 */
function fingerprintOf({ metadata }: KubernetesObject): string {
  const { uid, generation, deletionTimestamp, annotations, finalizers } = metadata
  return JSON.stringify([uid, generation, deletionTimestamp, annotations, finalizers])
}

/** Returns the claims on topics in the status: names and ids. Partitions and settings are not claims. */
function topicsOf(object: KubernetesObject): string {
  const { status } = holderOf(object)
  return JSON.stringify(topicUses.map((use) => [status?.[use]?.name, status?.[use]?.id, status?.[use]?.clusterId]))
}

function routeOf(object: KubernetesObject): string {
  return JSON.stringify(heldRoute(holderOf(object)))
}

function classOf(object: KubernetesObject): string | undefined {
  const spec = object['spec'] as { readonly className?: unknown } | undefined // The API server validates it by the schema.
  return typeof spec?.className === 'string' ? spec.className : undefined
}

function holderOf({ metadata, ...rest }: KubernetesObject): RouteHolder & TopicHolder {
  const status = rest['status'] as RouteHolder['status'] // Only the operator writes it, and the API server validates it by the schema.
  const spec = rest['spec'] as TopicHolder['spec'] // The API server validates it by the schema.
  return { metadata, ...(status === undefined ? {} : { status }), ...(spec === undefined ? {} : { spec }) }
}

function readinessOf(object: KubernetesObject): Pick<Known, 'isReady' | 'reason'> {
  const status = object['status'] as { readonly conditions?: unknown } | undefined // Only the operator writes it. A status of another shape counts as not ready.
  const conditions = Array.isArray(status?.conditions)
    ? (status.conditions as readonly { readonly type?: unknown; readonly status?: unknown; readonly reason?: unknown }[])
    : []
  const ready = conditions.find(({ type }) => type === 'Ready')
  return { isReady: ready?.status === 'True', reason: isConditionReason(ready?.reason) ? ready.reason : 'NotLookedAt' }
}
