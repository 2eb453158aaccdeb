import { sleep } from '../../program/waiting.ts'
import type { Transition } from '../runtime/event-object.ts'
import { isTransient } from './failure-reasons.ts'
import { channelType, type RealtimeChannel, type RealtimeChannelStatus } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import type { KubernetesApi } from '../runtime/kubernetes-api.ts'
import type { Reconcile, ReconcileResult } from '../runtime/reconcile-run.ts'
import type { Outcome, Plan } from './plan-types.ts'
import type { Applied, Applier } from './apply/apply.ts'
import type { ChildEchoes } from './watch/child-echoes.ts'
import type { HealMeter } from './apply/heal-meter.ts'
import type { Observation, Observer } from './observe/observe.ts'
import { planChannel } from './plan/plan.ts'
import type { ReadTopics } from './preview/plan-preview.ts'
import { typeOfOperand } from './plan/objects.ts'
import { names, type Settings } from './settings.ts'
import { renderNotUnderstood, renderRefused, renderStatus, sameStatus } from './status/status.ts'
import type { KafkaConnection, TopicAdmins } from './topic/topic-admin.ts'
import { doneEvents, transitions } from './status/transitions.ts'
import { undeclaredFields, withoutField } from './apply/undeclared-fields.ts'
import { creationOf, keptOutcomes, needsSecondPlan } from './topic/creations.ts'
import { topicUses, type TopicUse } from './topic/topic-uses.ts'
import type { ChildKey, Found, FoundTopics, World } from './world.ts'

export interface ReconcilerParts {
  readonly api: Pick<KubernetesApi, 'apply'>
  readonly admins: TopicAdmins
  readonly observer: Observer
  readonly applier: Applier
  readonly children: Pick<ChildEchoes, 'begin' | 'end'>
  readonly healMeter: Pick<HealMeter, 'healed'>
  readonly settings: Settings
  /** Writes an Event about a change. Never fails. */
  readonly record: (channel: KubernetesObject, transition: Transition) => void
  /** Answers the annotation carillon.dev/plan. */
  readonly preview: (world: World, readTopics: ReadTopics) => void
  readonly mayWrite: () => boolean
  /** Requests another reconcile of a channel. */
  readonly enqueue: (channel: ObjectRef) => void
  readonly nowMs: () => number
  /** @default a timer */
  readonly pause?: (ms: number) => Promise<unknown>
}

/** observe -> plan -> apply -> status, for one channel. Pure functions make all decisions. This file calls them in order. */
export function createReconciler(parts: ReconcilerParts): Reconcile {
  return async (ref, { signal }) => {
    parts.children.begin(ref)
    try {
      return await reconcileOnce(ref, signal, parts)
    } finally {
      // Changes by other writers during this reconcile came after the reads at its start.
      if (parts.children.end(ref)) parts.enqueue(ref)
    }
  }
}

async function reconcileOnce(ref: ObjectRef, signal: AbortSignal, parts: ReconcilerParts): Promise<ReconcileResult> {
  const observed = await parts.observer.observe(ref)
  signal.throwIfAborted()
  if (!observed.ok) return { kind: 'retry', reason: `the channel could not be read: ${observed.error.message}` }
  const observation = observed.value
  switch (observation.kind) {
    case 'gone':
      return { kind: 'done' }
    case 'not-understood':
      return reportNotUnderstood(observation, parts)
    case 'refused':
      return reportRefused(observation, parts)
    case 'world':
      return reconcileWorld(observation, parts)
    default:
      return observation satisfies never
  }
}

function readTopicsOf({ connection }: ObservedWorld, { observer }: ReconcilerParts): ReadTopics {
  return async (channel) => (connection === null ? null : observer.observeTopics(channel, connection))
}

type ObservedWorld = Extract<Observation, { kind: 'world' }>

async function reconcileWorld(observation: ObservedWorld, parts: ReconcilerParts): Promise<ReconcileResult> {
  if (observation.world.inCharge === null) parts.preview(observation.world, readTopicsOf(observation, parts))
  const { world, plan, outcomes } = await converge(observation, parts)
  parts.healMeter.healed(observation.world.channel, outcomes)
  for (const event of doneEvents(outcomes, world.inCharge)) parts.record(asObject(world.channel), event)
  if (isFinalizerRemoved(outcomes)) return { kind: 'done' }
  // Another operator is in charge, and writes the status, too.
  if (plan.phase === 'left') return afterFailures(outcomes) ?? { kind: 'done' }
  const status = renderStatus({ world, plan, outcomes, unknownFields: observation.unknownFields })
  // TopicCreated implies TopicAsAsked, so only the first is recorded.
  const written = await writeStatus(world.channel, status, {
    ...parts,
    record: creationOf('topic', outcomes) === 'done' ? recordExcept('TopicAsAsked', parts.record) : parts.record,
  })
  if (!written) return { kind: 'retry', reason: 'the status could not be written' }
  return afterFailures(outcomes) ?? (plan.requeueAfterMs === null ? { kind: 'done' } : { kind: 'requeue', afterMs: plan.requeueAfterMs })
}

/** Returns null when nothing failed. */
function afterFailures(outcomes: readonly Outcome[]): ReconcileResult | null {
  const failures = outcomes.filter((outcome) => outcome.kind === 'failed')
  const transient = failures.find(({ failure }) => isTransient(failure))
  if (transient !== undefined) return { kind: 'retry', reason: describe(transient) }
  // A refusal. No watch reports the change that would lift it (a quota, a role, a policy of the brokers).
  return failures.length > 0 ? { kind: 'requeue', afterMs: refusedRetryMs } : null
}

const refusedRetryMs = 60_000

function recordExcept(reason: string, record: ReconcilerParts['record']): ReconcilerParts['record'] {
  return (channel, transition) => (transition.reason === reason ? undefined : record(channel, transition))
}

/** Returns true if the channel has lost our finalizer, so that it is gone or going. No status is needed any more. */
function isFinalizerRemoved(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ kind, action }) => kind === 'done' && action.kind === 'remove-finalizer' && action.because !== 'policy-is-retain')
}

interface Converged {
  /** The state after the applies. */
  readonly world: World
  readonly plan: Plan
  readonly outcomes: readonly Outcome[]
}

/**
 * A topic's id is part of the pods' environment, and a topic that has yet to be created has no id. So the plan of a new channel is applied
 * in two passes, with a read of the topics between them. Otherwise the pods would wait for another reconcile with all its reads.
 */
async function converge({ world, connection }: ObservedWorld, parts: ReconcilerParts): Promise<Converged> {
  const first = await planAndApply(world, connection, parts)
  if (connection === null) return first
  const created = topicUses.filter((use) => creationOf(use, first.outcomes) === 'done')
  // No pod waits for a dead letter topic. The next reconcile notes its id.
  if (!needsSecondPlan(first.outcomes)) return created.length === 0 ? first : soonAgain(first)
  const topics = await waitForTopics(created, first.world.channel, connection, parts)
  if (topics.topic?.kind !== 'present') return soonAgain(first)
  const second = await planAndApply({ ...first.world, ...topics }, connection, parts, first.outcomes)
  const converged = { ...second, outcomes: [...keptOutcomes(first.outcomes), ...second.outcomes] }
  return created.every((use) => topics[use]?.kind !== 'missing') ? converged : soonAgain(converged)
}

/** Asks for another reconcile, which reads the topics that the brokers do not show yet. */
const soonAgain = (converged: Converged): Converged => ({
  ...converged,
  plan: { ...converged.plan, requeueAfterMs: newTopicRetryMs },
})

const newTopicRetryMs = 500

/**
 * Waits until the brokers show the topics that they have created. A topic that takes longer is seen by the next reconcile, at the same cost.
 */
async function waitForTopics(
  created: readonly TopicUse[],
  channel: RealtimeChannel,
  connection: KafkaConnection,
  { observer, pause = sleep }: ReconcilerParts,
): Promise<FoundTopics> {
  for (const waitMs of [25, 75, 150]) {
    const topics = await observer.observeTopics(channel, connection)
    if (created.every((use) => topics[use]?.kind !== 'missing')) return topics
    await pause(waitMs)
  }
  return observer.observeTopics(channel, connection)
}

/** Plans and applies once. @param before outcomes of earlier passes in this reconcile */
async function planAndApply(
  world: World,
  connection: KafkaConnection | null,
  parts: ReconcilerParts,
  before: readonly Outcome[] = [],
): Promise<Converged> {
  const plan = planChannel(world, parts.settings, before)
  if (plan.actions.length === 0) return { world, plan, outcomes: [] }
  const admin = connection === null ? null : parts.admins.of(connection)
  const applied = await parts.applier(plan.actions, { channel: world.channel, admin })
  return { world: worldAfter(world, applied), plan, outcomes: applied.outcomes }
}

/** Returns the world with the responses of the API server, so that the status need not read it again. */
function worldAfter(world: World, { objects, channel }: Applied): World {
  const children = new Map<ChildKey, Found>(world.children)
  for (const [key, object] of objects) {
    if (object === null) children.delete(key)
    else children.set(key, { kind: 'object', type: world.children.get(key)?.type ?? typeOfOperand(object), object })
  }
  return { ...world, channel, children }
}

async function reportNotUnderstood(
  { object, problem }: Extract<Observation, { kind: 'not-understood' }>,
  parts: ReconcilerParts,
): Promise<ReconcileResult> {
  const before = object['status'] as RealtimeChannelStatus | undefined // Only the operator writes it. `sameStatus` treats missing fields as different.
  const status = renderNotUnderstood(object, problem, parts.nowMs())
  const written = await writeStatus({ ...object, status: before }, status, parts)
  return written ? { kind: 'done' } : { kind: 'retry', reason: 'the status could not be written' }
}

async function reportRefused(
  { channel, refusal }: Extract<Observation, { kind: 'refused' }>,
  parts: ReconcilerParts,
): Promise<ReconcileResult> {
  const written = await writeStatus(channel, renderRefused(channel, refusal, parts.nowMs()), parts)
  return written ? { kind: 'done' } : { kind: 'retry', reason: 'the status could not be written' }
}

type WithStatus = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'> & { readonly status?: RealtimeChannelStatus | undefined }

/** Writes the status if it has changed. @returns false when it could not be written */
async function writeStatus(
  channel: WithStatus,
  status: RealtimeChannelStatus,
  { api, record, mayWrite }: ReconcilerParts,
): Promise<boolean> {
  if (channel.status !== undefined && sameStatus(channel.status, status)) return true
  if (!mayWrite()) return false
  const { namespace, name } = channel.metadata
  const object: KubernetesObject = {
    apiVersion: channel.apiVersion,
    kind: channel.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    status,
  }
  const answer = await applyStatus(api, object)
  // The channel was deleted since the read, so it needs no status.
  if (!answer.ok) return answer.error.kind === 'not-found'
  for (const transition of transitions(channel.status, status)) record({ ...channel }, transition)
  return true
}

/** Applies the status. A definition that is older than this operator lacks some of its fields. The other fields are still written. */
async function applyStatus(api: ReconcilerParts['api'], object: KubernetesObject): ReturnType<ReconcilerParts['api']['apply']> {
  const options = { fieldManager: names.fieldManager, force: true, subresource: 'status' } as const
  const answer = await api.apply(channelType, object, options)
  const undeclared = answer.ok || answer.error.kind !== 'invalid' ? [] : undeclaredFields(answer.error.message)
  if (undeclared.length === 0) return answer
  // The reduction removes fields of an object, so it is an object still.
  return api.apply(channelType, undeclared.reduce<unknown>(withoutField, object) as KubernetesObject, options)
}

/** Returns the channel as an object. The type of a channel has no index signature. */
function asObject({ apiVersion, kind, metadata }: RealtimeChannel): KubernetesObject {
  return { apiVersion, kind, metadata }
}

function describe({ action, failure }: Extract<Outcome, { kind: 'failed' }>): string {
  return `${action.kind} failed: ${failure.of === 'kafka' ? failure.failure.detail : failure.error.message}`
}
