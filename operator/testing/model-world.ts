import { topicNameOf } from '../../api/v1alpha1/channel-names.ts'
import type { RealtimeChannel } from '../../api/v1alpha1/realtime-channel.ts'
import type { Action, Outcome, Plan } from '../reconcile/plan-types.ts'
import { isChildOf } from '../reconcile/children/ownership.ts'
import { planChannel } from '../reconcile/plan/plan.ts'
import { names, type Settings } from '../reconcile/settings.ts'
import { renderStatus, sameStatus } from '../reconcile/status/status.ts'
import type { TopicDescription } from '../reconcile/topic/topic-admin.ts'
import { lookedAtTopic, recordsOf } from '../reconcile/topic/record.ts'
import { keptOutcomes, needsSecondPlan } from '../reconcile/topic/creations.ts'
import { perUse, type TopicUse } from '../reconcile/topic/topic-uses.ts'
import type { TopicRules } from '../reconcile/topic/name-rules.ts'
import { childKey, type ChildKey, type Found, type FoundTopic, type FoundTopics, type World } from '../reconcile/world.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { noRivals, openTopicRules } from './channel-builders.ts'
import { applyFields, managedFieldsOf, takeFields, type Manager } from './memory-kubernetes-managers.ts'

interface Stored {
  readonly type: ResourceType
  readonly object: KubernetesObject
  readonly managers: readonly Manager[]
}

/** Result of one action. lost: it was applied, but the response was lost (a time-out). */
export type Fate = 'done' | 'failed' | 'lost'

/** Course of one reconcile. */
export interface Fates {
  /** Results of the actions, in order. Actions without one are done. */
  readonly actions?: readonly Fate[]
  /** The operator ended before it wrote the status. */
  readonly isStatusLost?: boolean
}

export interface Reconciled {
  readonly plans: readonly Plan[]
  readonly outcomes: readonly Outcome[]
  /** True when the status had to be written. */
  readonly isStatusNew: boolean
}

/**
 * A model of one channel, its namespace and its Kafka in plain data. It is for property tests of plans, which run thousands of random
 * histories on it. Actions change it as the real servers would, as far as plans can see: field ownership, defaults of omitted replicas,
 * generations, ids of topics. Its controllers work in `settle`.
 */
export interface ModelWorld {
  readonly channel: RealtimeChannel
  readonly objects: ReadonlyMap<ChildKey, Stored>
  readonly topic: TopicDescription | null
  topicOf(use: TopicUse): TopicDescription | null
  topicNames(): readonly string[]
  /** Reads the topics of another version of the channel. */
  topicsFor(changed: RealtimeChannel): FoundTopics
  /** Actions that were applied, for assertions. */
  readonly history: readonly Action[]
  world(): World
  /** Runs one reconcile, as the reconciler does. */
  reconcile(settings: Settings, fates?: Fates): Reconciled
  /** Reconciles until there is nothing to do. @returns the number of reconciles @throws after too many */
  converge(settings: Settings): number
  edit(change: (channel: RealtimeChannel) => RealtimeChannel): void
  /** Edits an object of the channel, as `kubectl edit` does. */
  editObject(key: ChildKey, change: (object: KubernetesObject) => KubernetesObject, by?: string): void
  putObject(type: ResourceType, object: KubernetesObject): void
  deleteObject(key: ChildKey): void
  setTopic(topic: TopicDescription | null): void
  deleteTopic(name: string): void
  setReachable(isReachable: boolean): void
  setNow(nowMs: number): void
  /** Completes the roll-outs of Deployments. An autoscaler sets this number of pods. */
  settle(autoscaled?: number): void
}

const clusterId = 'cluster-1'
const defaultReplication = 1
const mostReconciles = 12

export function createModelWorld(initial: RealtimeChannel, rules: TopicRules = openTopicRules): ModelWorld {
  let channel = initial
  const topics = new Map<string, TopicDescription>()
  let isReachable = true
  let nowMs = Date.parse('2026-01-02T00:00:00Z')
  let ids = 0
  const objects = new Map<ChildKey, Stored>()
  const history: Action[] = []

  const found = (name: string): FoundTopic => {
    const topic = topics.get(name)
    if (!isReachable) return { kind: 'failed', failure: { kind: 'unreachable', detail: 'connect ECONNREFUSED' } }
    return topic === undefined ? { kind: 'missing', topic: { name, clusterId } } : { kind: 'present', topic }
  }

  const topicsFor = (of: RealtimeChannel): FoundTopics =>
    perUse((use) => {
      const name = lookedAtTopic(use, of)
      return name === null ? null : found(name)
    })

  const world = (): World => ({
    nowMs,
    channel,
    children: new Map(
      [...objects].map(([key, stored]): [ChildKey, Found] => [key, { kind: 'object', type: stored.type, object: shown(stored) }]),
    ),
    ...topicsFor(channel),
    records: recordsOf(channel),
    topicRules: rules,
    underClass: { name: null, written: channel.spec, brokers: ['kafka:9092'] },
    rivals: noRivals,
    route: channel.spec.route.type === 'None' ? { kind: 'not-asked' } : { kind: 'ok' },
    otherRoutes: [],
    assignsPodUsers: { ok: true, value: false },
    troubledPods: [],
    inCharge: null,
    bystander: null,
    contested: new Map(),
  })

  const store = (type: ResourceType, applied: KubernetesObject, manager: string): void => {
    const key = childKey(applied.kind, applied.metadata.name)
    const had = objects.get(key)
    const outcome = applyFields(had?.object ?? null, had?.managers ?? [], applied, { fieldManager: manager, force: true })
    if (outcome.kind === 'conflict') throw new Error('a forced apply has no conflicts')
    objects.set(key, { type, object: withServerFields(outcome.object, had?.object, () => `uid-${++ids}`), managers: outcome.managers })
  }

  const applyAction = (action: Action): void => {
    history.push(action)
    switch (action.kind) {
      case 'create-topic':
        if (!topics.has(action.topic.name))
          topics.set(action.topic.name, {
            ...action.topic,
            topicId: `topic-${++ids}`,
            clusterId,
            replicas: action.topic.replicas ?? defaultReplication,
            isInternal: false,
            inForce: {},
          })
        return
      case 'grow-partitions':
        topics.set(action.name, { ...existing(topics.get(action.name)), partitions: action.to })
        return
      case 'alter-topic':
        topics.set(action.name, {
          ...existing(topics.get(action.name)),
          config: altered(existing(topics.get(action.name)).config, action.changes),
        })
        return
      case 'delete-topic':
        topics.delete(action.name)
        return
      case 'apply-object':
        return store(action.type, action.object, names.fieldManager)
      case 'hand-over-replicas':
        return store(action.type, action.object, names.handOverManager)
      case 'delete-object':
        if (objects.get(childKey(action.type.kind, action.ref.name))?.object.metadata.uid === action.uid)
          objects.delete(childKey(action.type.kind, action.ref.name))
        return
      case 'annotate-channel': {
        const { [action.annotation]: _before, ...others } = channel.metadata.annotations ?? {}
        channel = {
          ...channel,
          metadata: { ...channel.metadata, annotations: action.value === null ? others : { ...others, [action.annotation]: action.value } },
        }
        return
      }
      case 'add-finalizer':
        return setFinalizers([...(channel.metadata.finalizers ?? []), names.finalizer])
      case 'remove-finalizer':
        return setFinalizers((channel.metadata.finalizers ?? []).filter((each) => each !== names.finalizer))
      default:
        return action satisfies never
    }
  }

  const setFinalizers = (finalizers: readonly string[]): void => {
    channel = { ...channel, metadata: { ...channel.metadata, finalizers } }
  }

  /** Applies all actions, and stops the rest by the same rule as `apply.ts`. */
  const applyAll = (actions: readonly Action[], fates: Fate[]): readonly Outcome[] => {
    const outcomes: Outcome[] = []
    for (const action of actions) {
      const isBlocked = outcomes.some(
        ({ kind, action: earlier }) => kind === 'failed' && (earlier.kind === 'add-finalizer' || earlier.kind === 'delete-topic'),
      )
      const fate = isBlocked ? 'done' : (fates.shift() ?? 'done')
      if (!isBlocked && fate !== 'failed') applyAction(action)
      outcomes.push(
        isBlocked
          ? { kind: 'not-tried', action }
          : fate === 'done'
            ? { kind: 'done', action }
            : { kind: 'failed', action, failure: { of: 'kubernetes', error: { kind: 'unavailable', code: 0, message: 'time-out' } } },
      )
    }
    return outcomes
  }

  const reconcile = (settings: Settings, { actions = [], isStatusLost = false }: Fates = {}): Reconciled => {
    const fates = [...actions]
    const before = channel.status
    const first = planChannel(world(), settings)
    const plans = [first]
    const outcomes = [...applyAll(first.actions, fates)]
    if (needsSecondPlan(outcomes)) {
      const second = planChannel(world(), settings, outcomes)
      plans.push(second)
      outcomes.splice(0, outcomes.length, ...keptOutcomes(outcomes), ...applyAll(second.actions, fates))
    }
    const status = renderStatus({ world: world(), plan: plans.at(-1) ?? first, outcomes, unknownFields: [] })
    if (!isStatusLost) channel = { ...channel, status }
    return { plans, outcomes, isStatusNew: before === undefined || !sameStatus(before, status) }
  }

  return {
    get channel() {
      return channel
    },
    get objects() {
      return objects
    },
    get topic() {
      return topics.get(topicNameOf(channel)) ?? null
    },
    topicsFor,
    topicNames: () => [...topics.keys()],
    topicOf: (use) => topics.get(lookedAtTopic(use, channel) ?? '') ?? null,
    history,
    world,
    reconcile,
    converge: (settings) => {
      for (let count = 1; count <= mostReconciles; count++) {
        const { plans, isStatusNew } = reconcile(settings)
        if (plans.every((plan) => plan.actions.length === 0) && !isStatusNew) return count
      }
      throw new Error(`not at rest after ${mostReconciles} reconciles: ${JSON.stringify(planChannel(world(), settings))}`)
    },
    edit: (change) => {
      const changed = change(channel)
      const hasNewSpec = JSON.stringify(changed.spec) !== JSON.stringify(channel.spec)
      channel = { ...changed, metadata: { ...changed.metadata, generation: (channel.metadata.generation ?? 0) + (hasNewSpec ? 1 : 0) } }
    },
    editObject: (key, change, by = 'kubectl-edit') => {
      const had = objects.get(key)
      if (had === undefined) return
      const object = withServerFields(change(had.object), had.object, () => '')
      objects.set(key, { ...had, object, managers: takeFields(had.object, object, had.managers, by) })
    },
    putObject: (type, object) => void objects.set(childKey(object.kind, object.metadata.name), { type, object, managers: [] }),
    deleteObject: (key) => void objects.delete(key),
    setTopic: (next) => {
      if (next === null) topics.delete(topicNameOf(channel))
      else topics.set(next.name, next)
    },
    deleteTopic: (name) => void topics.delete(name),
    setReachable: (next) => {
      isReachable = next
    },
    setNow: (next) => {
      nowMs = next
    },
    settle: (autoscaled) => {
      for (const [key, stored] of objects) {
        if (stored.type.kind !== 'Deployment' || !isChildOf(channel, stored.object)) continue
        const isAutoscaled = autoscaled !== undefined && [...objects.values()].some(({ type }) => type.kind === 'HorizontalPodAutoscaler')
        const object = rolledOut(isAutoscaled ? withReplicas(stored.object, autoscaled) : stored.object)
        objects.set(key, {
          ...stored,
          object,
          managers: isAutoscaled
            ? takeFields(stored.object, { ...object, status: stored.object['status'] }, stored.managers, 'kube-controller-manager')
            : stored.managers,
        })
      }
    },
  }
}

function existing(topic: TopicDescription | undefined): TopicDescription {
  if (topic === undefined) throw new Error('a plan changes a topic that does not exist')
  return topic
}

function altered(
  config: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const all = Object.entries({ ...config, ...changes })
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null))
}

/** Returns the object as the API server does. */
function shown({ object, managers }: Stored): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, managedFields: managedFieldsOf(managers, object.apiVersion) } }
}

/** Sets the fields that the API server sets: a Deployment without replicas gets one. */
function withServerFields(object: KubernetesObject, before: KubernetesObject | undefined, newUid: () => string): KubernetesObject {
  const isDeployment = object.kind === 'Deployment'
  const spec = object['spec'] as Readonly<Record<string, unknown>> | undefined // every kind here has an object or nothing
  const defaulted = isDeployment && spec?.['replicas'] === undefined ? { ...object, spec: { ...spec, replicas: 1 } } : object
  const isSame = before !== undefined && JSON.stringify(before['spec']) === JSON.stringify(defaulted['spec'])
  const generation = (before?.metadata.generation ?? 0) + (isSame ? 0 : 1)
  return { ...defaulted, metadata: { ...defaulted.metadata, uid: before?.metadata.uid ?? newUid(), generation } }
}

function withReplicas(object: KubernetesObject, replicas: number): KubernetesObject {
  const spec = object['spec'] as Readonly<Record<string, unknown>> // a Deployment has one
  return spec['replicas'] === replicas
    ? object
    : { ...object, metadata: { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 }, spec: { ...spec, replicas } }
}

function rolledOut(object: KubernetesObject): KubernetesObject {
  const { replicas } = object['spec'] as { readonly replicas: number } // a Deployment has one, with the default
  const status = {
    observedGeneration: object.metadata.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }],
  }
  return { ...object, status }
}
