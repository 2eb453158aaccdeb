import { isDeepStrictEqual } from 'node:util'
import { selectorLabels } from '../../../api/labels.ts'
import { operandNames } from '../../../api/child-names.ts'
import { ports } from '../../../api/ports.ts'
import type { RealtimeChannel, RealtimeChannelStatus, WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Action, Outcome, Plan, Refusal } from '../plan-types.ts'
import { nameChannelFields } from './channel-fields.ts'
import type { ChannelRefusal } from '../class/effective-channel.ts'
import { isStalled } from '../condition-reasons.ts'
import { reasonOfFailure, messageOf, isTransient } from '../failure-reasons.ts'
import { channelPaths, routeUrls } from '../../../api/v1alpha1/channel-names.ts'
import { remarkOnBystander } from '../children/in-charge.ts'
import type { NotUnderstood } from '../parse-channel.ts'
import { isRouteKind } from '../route/plan-route.ts'
import { runningDeployment } from '../children/running-gateway.ts'
import {
  condition,
  conditionsOf,
  asFalse,
  asUnknown,
  type Condition,
  type Assessment,
  type Assessments,
  type Moment,
} from './condition-list.ts'
import { assessGateway } from './gateway.ts'
import { assessRevocation } from './revocation.ts'
import { assessRoute } from './route.ts'
import { isTopicAction, isUseAction, assessTopic } from './topic.ts'
import { topicUses, useOf, type TopicUse } from '../topic/topic-uses.ts'
import { isPaused, type RouteRecord, type TopicRecord, type World } from '../world.ts'

/** Findings and outcomes of a reconcile. */
export interface StatusInput {
  /** World after the actions. */
  readonly world: World
  /** Last plan of the reconcile. */
  readonly plan: Plan
  readonly outcomes: readonly Outcome[]
  /** Fields of the channel that this operator does not know. */
  readonly unknownFields: readonly string[]
}

/** Renders the status of a channel. The same input gives the same status, and an unchanged world gives the same status again. */
export function renderStatus({ world, plan, outcomes, unknownFields }: StatusInput): RealtimeChannelStatus {
  const { channel } = world
  const generation = channel.metadata.generation ?? 0
  const route = routeOf(plan, outcomes)
  return {
    observedGeneration: generation,
    ...classOf(world),
    ...addressesOf(channel, plan),
    ...podsOf(world),
    ...topicsOf(plan, outcomes),
    ...(route === null ? {} : { route }),
    conditions: allConditions(
      { world, plan, outcomes, unknownFields },
      { before: channel.status?.conditions ?? [], generation, nowMs: world.nowMs },
    ),
  }
}

/** Renders the status of a refused channel. Earlier work for the channel stays, and so does what the status knows of it. */
export function renderRefused(
  { metadata, status: before = {} }: WrittenChannel,
  { reason, message }: ChannelRefusal,
  nowMs: number,
): RealtimeChannelStatus {
  const moment: Moment = { before: before.conditions ?? [], generation: metadata.generation ?? 0, nowMs }
  return {
    ...before,
    observedGeneration: moment.generation,
    conditions: isPaused({ metadata }) ? pausedConditions(moment) : refusedConditions(asFalse(reason, message), moment),
  }
}

function refusedConditions(refusal: Assessment, moment: Moment): readonly Condition[] {
  const kept = moment.before.filter(({ type }) => !['Ready', 'Stalled', 'Reconciling'].includes(type))
  return [condition('Ready', refusal, moment), ...kept, condition('Stalled', { ...refusal, status: 'True' }, moment)]
}

/** Renders the status of a channel that this operator cannot read. It keeps what an earlier operator wrote, above all the record of the topic. */
export function renderNotUnderstood(
  object: Readonly<Record<string, unknown>> & Pick<RealtimeChannel, 'metadata'>,
  problem: NotUnderstood,
  nowMs: number,
): RealtimeChannelStatus {
  // Only operators write the status. The API server refuses one that does not match the schema, and says so.
  const before = (object['status'] ?? {}) as RealtimeChannelStatus
  const conditions = Array.isArray(before.conditions) ? before.conditions : []
  const moment: Moment = { before: conditions, generation: object.metadata.generation ?? 0, nowMs }
  return {
    ...before,
    observedGeneration: moment.generation,
    conditions: refusedConditions(asFalse('SpecNotUnderstood', problem.message), moment),
  }
}

/** Returns whether two statuses are equal, so that nothing is written. */
export function sameStatus(a: RealtimeChannelStatus, b: RealtimeChannelStatus): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b))
}

/** Returns a form for comparison: conditions have no order, and undefined fields do not exist. */
function comparable(status: RealtimeChannelStatus): unknown {
  const conditions = (status.conditions ?? []).toSorted((a, b) => (a.type < b.type ? -1 : 1))
  return JSON.parse(JSON.stringify({ ...status, conditions })) as unknown
}

function allConditions({ world, plan, outcomes, unknownFields }: StatusInput, moment: Moment): readonly Condition[] {
  if (plan.phase === 'paused') return pausedConditions(moment)
  const assessments: Assessments = {
    TopicReady: refusalOf(plan, 'TopicReady') ?? assessTopic(world, plan, outcomes),
    GatewayAvailable:
      refusalOf(plan, 'GatewayAvailable') ?? failureOf(outcomes, (kind) => !isRouteKind(kind)) ?? assessGateway(world, plan),
    RouteReady: refusalOf(plan, 'RouteReady') ?? failureOf(outcomes, isRouteKind) ?? assessRoute(world),
    RevocationReady: refusalOf(plan, 'RevocationReady') ?? assessRevocation(world, plan, outcomes),
  }
  if (plan.phase === 'deleting') return deletingConditions(assessments.TopicReady, moment)
  const unknown =
    unknownFields.length === 0
      ? ''
      : ` Fields that this operator does not know are ignored: ${unknownFields.join(', ')}. Upgrade the operator.`
  return conditionsOf(assessments, moment, `${unknown}${remarkOnBystander(world.bystander)}`)
}

/** Returns the conditions of a paused channel. The other conditions stay, because nothing was checked. It is neither Reconciling nor Stalled. */
function pausedConditions(moment: Moment): readonly Condition[] {
  const kept = moment.before.filter(({ type }) => !['Ready', 'Stalled', 'Reconciling'].includes(type))
  return [
    condition(
      'Ready',
      asUnknown('Paused', 'The annotation carillon.dev/paused is "true", so nothing is changed. Remove it to continue.'),
      moment,
    ),
    ...kept,
  ]
}

/** Returns the conditions of a channel that is being deleted. Its gateways and routes are no longer assessed. */
function deletingConditions(topic: Assessment, moment: Moment): readonly Condition[] {
  const ready =
    topic.status === 'False'
      ? asFalse('Deleting', `The channel is being deleted. ${topic.message}`)
      : asFalse('Deleting', 'The channel is being deleted.')
  return [
    condition('Ready', ready, moment),
    condition('TopicReady', topic, moment),
    condition('Reconciling', { ...ready, status: 'True' }, moment),
  ]
}

/** Joins all refusals about one condition. The reason is that of the first refusal that needs a person. */
function refusalOf({ refusals }: Plan, about: Refusal['about']): Assessment | null {
  const mine = refusals.filter((refusal) => refusal.about === about)
  const first = mine.find(({ reason }) => isStalled(reason)) ?? mine[0]
  if (first === undefined) return null
  return asFalse(first.reason, [...new Set(mine.map(({ message }) => message))].join(' '))
}

/** Returns the first failure of an object. */
function failureOf(outcomes: readonly Outcome[], isAbout: (kind: string) => boolean): Assessment | null {
  for (const outcome of outcomes) {
    if (outcome.kind !== 'failed' || isTopicAction(outcome.action) || !('type' in outcome.action) || !isAbout(outcome.action.type.kind))
      continue
    const { action, failure } = outcome
    const isOfChannel = 'object' in action && failure.of === 'kubernetes' && failure.error.kind === 'invalid'
    const text = isOfChannel ? nameChannelFields(action.object, failure.error.message) : messageOf(failure)
    return asFalse(
      reasonOfFailure(failure),
      `The ${action.type.kind} could not be ${action.kind === 'delete-object' ? 'deleted' : 'applied'}: ${text}`,
    )
  }
  return null
}

function topicsOf(plan: Plan, outcomes: readonly Outcome[]): Pick<RealtimeChannelStatus, TopicUse> {
  const records = topicUses.map((use) => [use, topicOf(use, plan, outcomes)] as const)
  return Object.fromEntries(records.filter(([, record]) => record !== null))
}

function topicOf(use: TopicUse, plan: Plan, outcomes: readonly Outcome[]): TopicRecord | null {
  const { whenDone, otherwise } = plan[use]
  const isDone = outcomes.every(({ kind, action }) => kind === 'done' || !isAboutTopic(use, action))
  if (isDone) return whenDone
  // A creation without an answer may have succeeded. A topic that is then found, and is as asked, is the operator's own.
  const isUnanswered = outcomes.some(
    (outcome) =>
      outcome.kind === 'failed' && outcome.action.kind === 'create-topic' && useOf(outcome.action) === use && isTransient(outcome.failure),
  )
  return isUnanswered ? whenDone : otherwise
}

/** Returns whether the record of a topic depends on an action: on its topic, or on all of them. */
function isAboutTopic(use: TopicUse, action: Action): boolean {
  return isTopicAction(action) && (!isUseAction(action) || useOf(action) === use)
}

/** Returns the record of the route. After a failure it stays as it was: an Ingress that was not deleted still has its paths. */
function routeOf({ route }: Plan, outcomes: readonly Outcome[]): RouteRecord | null {
  const isDone = outcomes.every(({ kind, action }) => kind === 'done' || !('type' in action) || !isRouteKind(action.type.kind))
  return isDone ? route.whenDone : route.otherwise
}

/** Returns the values that the channel gets from its class or from the operator. */
function classOf({ channel, underClass: { name, brokers } }: World): Pick<RealtimeChannelStatus, 'className' | 'host' | 'brokers'> {
  const { type, host } = channel.spec.route
  return {
    ...(name === null ? {} : { className: name }),
    ...(type === 'None' || host === undefined ? {} : { host }),
    ...(brokers.length === 0 ? {} : { brokers }),
  }
}

function addressesOf(channel: RealtimeChannel, { refusals }: Plan): Pick<RealtimeChannelStatus, 'url' | 'apiUrl'> {
  const { name, namespace = '' } = channel.metadata
  const urls = routeUrls(channel)
  const isRefused = refusals.some(({ reason }) => reason === 'RouteClaimed' || reason === 'GatewayApiNotInstalled')
  if (urls === null || isRefused)
    return { apiUrl: `http://${operandNames(name).Service}.${namespace}.svc:${ports.public}${channelPaths(channel).api}/v1` }
  return { url: urls.socket, apiUrl: urls.api }
}

function podsOf(world: World): Pick<RealtimeChannelStatus, 'replicas' | 'readyReplicas' | 'selector'> {
  const status = runningDeployment(world)?.status
  const selector = Object.entries(selectorLabels(world.channel.metadata.name))
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  return { replicas: status?.replicas ?? 0, readyReplicas: status?.readyReplicas ?? 0, selector }
}
