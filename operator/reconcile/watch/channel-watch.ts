import type { KubernetesObject, ObjectRef } from '../../../api/kubernetes.ts'
import type { Priority } from '../../runtime/priority.ts'
import type { WatchHandlers } from '../../runtime/watcher.ts'
import type { ChildEchoes } from './child-echoes.ts'
import type { ClassChange } from '../class/classes.ts'
import type { ChannelJudge } from '../class/judge.ts'
import type { ClaimLooks } from './claim-looks.ts'
import type { Claims } from './claims.ts'
import { isConditionReason, type ConditionReason } from '../condition-reasons.ts'
import type { RouteHolder } from '../route/claims.ts'
import type { TopicHolder } from '../topic/claims.ts'
import { parseChannel } from '../observe/parse-channel.ts'
import { heldRoute } from '../route/record.ts'
import { keyOf, refOf } from '../../../api/object-ref.ts'

/** What the operator knows of all channels between their reconciles: names, a fingerprint of each, what they claim. No specs. */
export interface ChannelWatch {
  readonly handlers: WatchHandlers
  /** Every channel that there is. */
  all(): readonly ObjectRef[]
  /** Channels whose class may have changed. */
  ofClass(change: ClassChange): readonly ObjectRef[]
  /** How many are Ready, and how many are not. */
  count(): { readonly ready: number; readonly notReady: number }
  /** What each says of itself: at most so many, those that are not Ready first. */
  readiness(max: number): readonly ChannelReadiness[]
}

export interface ChannelReadiness {
  readonly ref: ObjectRef
  readonly isReady: boolean
  /** Of its condition Ready. */
  readonly reason: ConditionReason
}

export interface ChannelWatchParts {
  readonly claims: Claims
  readonly judge: Pick<ChannelJudge, 'atOnce'>
  readonly children: Pick<ChildEchoes, 'forget'>
  readonly claimLooks: ClaimLooks
  /** A channel is to be reconciled. */
  readonly enqueue: (channel: ObjectRef, priority: Priority) => void
  /** The first list is complete: what comes now is news, and not what was there all along. */
  readonly hasSynced: () => boolean
  /** Channels are reconciled: each that changes is judged with the labels of its namespace soon. */
  readonly isWorking: () => boolean
}

interface Known {
  readonly ref: ObjectRef
  readonly fingerprint: string
  /** What the status says of topics and of the route: claims go by it. */
  readonly topics: string
  readonly route: string
  /** Undefined: it names none. */
  readonly className: string | undefined
  readonly isReady: boolean
  readonly reason: ConditionReason
}

/** Turns what the watch of channels tells into work. */
export function createChannelWatch({
  claims,
  judge,
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
        // Before, all that there is must claim, so that the older one gets what two ask for. Afterwards nobody claims by a class that may not be theirs.
        const held = parsed.ok ? judge.atOnce(parsed.value.channel, isWorking() ? 'refused' : 'allowed') : parsed
        const affected = held.ok ? claims.upsert(held.value.channel, held.value.topicRules) : claims.suspend(holderOf(object))
        if (isChanged) {
          enqueue(ref, hasSynced() ? 'user' : 'resync')
          for (const other of affected) enqueue(other, 'child')
          return
        }
        // The operator wrote the status, and the topic in it is that of another channel, too.
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

/** Changes exactly when somebody changed the channel: the operator's own writes of the status do not count. A channel made anew has another uid. */
function fingerprintOf({ metadata }: KubernetesObject): string {
  const { uid, generation, deletionTimestamp, annotations, finalizers } = metadata
  return JSON.stringify([uid, generation, deletionTimestamp, annotations, finalizers])
}

/** Names and ids. Partitions and settings are no claims. */
function topicsOf(object: KubernetesObject): string {
  const { topic, deadLetters } = holderOf(object).status ?? {}
  return JSON.stringify([topic, deadLetters].map((record) => [record?.name, record?.id, record?.clusterId]))
}

function routeOf(object: KubernetesObject): string {
  return JSON.stringify(heldRoute(holderOf(object)))
}

function classOf(object: KubernetesObject): string | undefined {
  const spec = object['spec'] as { readonly className?: unknown } | undefined // The API server holds it to the schema.
  return typeof spec?.className === 'string' ? spec.className : undefined
}

function holderOf({ metadata, ...rest }: KubernetesObject): RouteHolder & TopicHolder {
  const status = rest['status'] as RouteHolder['status'] // Only the operator writes it, and the API server holds it to the schema.
  const spec = rest['spec'] as TopicHolder['spec'] // The API server holds it to the schema.
  return { metadata, ...(status === undefined ? {} : { status }), ...(spec === undefined ? {} : { spec }) }
}

function readinessOf(object: KubernetesObject): Pick<Known, 'isReady' | 'reason'> {
  const status = object['status'] as { readonly conditions?: unknown } | undefined // Only the operator writes it; what is of another shape is not ready.
  const conditions = Array.isArray(status?.conditions)
    ? (status.conditions as readonly { readonly type?: unknown; readonly status?: unknown; readonly reason?: unknown }[])
    : []
  const ready = conditions.find(({ type }) => type === 'Ready')
  return { isReady: ready?.status === 'True', reason: isConditionReason(ready?.reason) ? ready.reason : 'NotLookedAt' }
}
