import { isDeepStrictEqual } from 'node:util'
import { selectorLabels } from '../../../api/labels.ts'
import { operandNames } from '../../../api/child-names.ts'
import { ports } from '../../../api/ports.ts'
import type { RealtimeChannel, RealtimeChannelStatus, WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Outcome, Plan, Refusal } from '../plan-types.ts'
import { inChannelWords } from './channel-fields.ts'
import type { ChannelRefusal } from '../class/effective-channel.ts'
import { isStalled } from '../condition-reasons.ts'
import { reasonOfFailure, wordsOf, isTransient } from '../failure-reasons.ts'
import { channelPaths, routeUrls } from '../../../api/v1alpha1/channel-names.ts'
import { remarkOnBystander } from '../children/in-charge.ts'
import type { NotUnderstood } from '../observe/parse-channel.ts'
import { isRouteKind } from '../route/plan-route.ts'
import { runningDeployment } from '../children/running-gateway.ts'
import {
  condition,
  conditionsOf,
  isFalse,
  isUnknown,
  type Condition,
  type Judgement,
  type Judgements,
  type Moment,
} from './condition-list.ts'
import { judgeGateway } from './gateway.ts'
import { judgeRoute } from './route.ts'
import { isTopicAction, judgeTopic } from './topic.ts'
import { isPaused, type RouteRecord, type TopicRecord, type TopicUse, type World } from '../world.ts'

/** What a reconcile found and did. */
export interface StatusInput {
  /** As it is after the actions. */
  readonly world: World
  /** The last one, if there were two. */
  readonly plan: Plan
  readonly outcomes: readonly Outcome[]
  /** Of the channel: fields that this operator does not know. */
  readonly unknownFields: readonly string[]
}

/** The status of a channel. The same input gives the same status, and a world in which nothing happens gives the same status again. */
export function renderStatus({ world, plan, outcomes, unknownFields }: StatusInput): RealtimeChannelStatus {
  const { channel } = world
  const generation = channel.metadata.generation ?? 0
  const [topic, deadLetters, route] = [topicOf('topic', plan, outcomes), topicOf('deadLetters', plan, outcomes), routeOf(plan, outcomes)]
  return {
    observedGeneration: generation,
    ...classOf(world),
    ...addressesOf(channel, plan),
    ...podsOf(world),
    ...(topic === null ? {} : { topic }),
    ...(deadLetters === null ? {} : { deadLetters }),
    ...(route === null ? {} : { route }),
    conditions: allConditions(
      { world, plan, outcomes, unknownFields },
      { before: channel.status?.conditions ?? [], generation, nowMs: world.nowMs },
    ),
  }
}

/** The status of a channel for which nothing is done as it is. What was done for it before stays, and what is known of that. */
export function renderRefused(
  { metadata, status: before = {} }: WrittenChannel,
  { reason, message }: ChannelRefusal,
  nowMs: number,
): RealtimeChannelStatus {
  const moment: Moment = { before: before.conditions ?? [], generation: metadata.generation ?? 0, nowMs }
  return {
    ...before,
    observedGeneration: moment.generation,
    conditions: isPaused({ metadata }) ? pausedConditions(moment) : refusedConditions(isFalse(reason, message), moment),
  }
}

function refusedConditions(refusal: Judgement, moment: Moment): readonly Condition[] {
  const kept = moment.before.filter(({ type }) => !['Ready', 'Stalled', 'Reconciling'].includes(type))
  return [condition('Ready', refusal, moment), ...kept, condition('Stalled', { ...refusal, status: 'True' }, moment)]
}

/** The status of a channel that this operator cannot read. What an operator wrote that could is kept, above all what is known of the topic. */
export function renderNotUnderstood(
  object: Readonly<Record<string, unknown>> & Pick<RealtimeChannel, 'metadata'>,
  problem: NotUnderstood,
  nowMs: number,
): RealtimeChannelStatus {
  // Only operators write it. One that does not fit is refused by the API server, which then says so.
  const before = (object['status'] ?? {}) as RealtimeChannelStatus
  const conditions = Array.isArray(before.conditions) ? before.conditions : []
  const moment: Moment = { before: conditions, generation: object.metadata.generation ?? 0, nowMs }
  return {
    ...before,
    observedGeneration: moment.generation,
    conditions: refusedConditions(isFalse('SpecNotUnderstood', problem.message), moment),
  }
}

/** Whether nothing is to be written. */
export function sameStatus(a: RealtimeChannelStatus, b: RealtimeChannelStatus): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b))
}

/** A list with keys has no order, and what is undefined is not there. */
function comparable(status: RealtimeChannelStatus): unknown {
  const conditions = (status.conditions ?? []).toSorted((a, b) => (a.type < b.type ? -1 : 1))
  return JSON.parse(JSON.stringify({ ...status, conditions })) as unknown
}

function allConditions({ world, plan, outcomes, unknownFields }: StatusInput, moment: Moment): readonly Condition[] {
  if (plan.phase === 'paused') return pausedConditions(moment)
  const judgements: Judgements = {
    TopicReady: refusalOf(plan, 'TopicReady') ?? judgeTopic(world, plan, outcomes),
    GatewayAvailable: refusalOf(plan, 'GatewayAvailable') ?? failureOf(outcomes, (kind) => !isRouteKind(kind)) ?? judgeGateway(world, plan),
    RouteReady: refusalOf(plan, 'RouteReady') ?? failureOf(outcomes, isRouteKind) ?? judgeRoute(world),
  }
  if (plan.phase === 'deleting') return deletingConditions(judgements.TopicReady, moment)
  const unknown =
    unknownFields.length === 0 ? '' : ` Fields that this operator does not know are ignored: ${unknownFields.join(', ')}. Upgrade it.`
  return conditionsOf(judgements, moment, `${unknown}${remarkOnBystander(world.bystander)}`)
}

/** The others are as they were: nobody has looked. Neither Reconciling nor Stalled, for nobody works and nothing is wrong. */
function pausedConditions(moment: Moment): readonly Condition[] {
  const kept = moment.before.filter(({ type }) => !['Ready', 'Stalled', 'Reconciling'].includes(type))
  return [
    condition(
      'Ready',
      isUnknown('Paused', 'The annotation carillon.dev/paused is "true": nothing is changed until it is taken away.'),
      moment,
    ),
    ...kept,
  ]
}

/** What is still there of gateways and routes is not judged any more. */
function deletingConditions(topic: Judgement, moment: Moment): readonly Condition[] {
  const ready =
    topic.status === 'False'
      ? isFalse('Deleting', `The channel is being deleted. ${topic.message}`)
      : isFalse('Deleting', 'The channel is being deleted.')
  return [
    condition('Ready', ready, moment),
    condition('TopicReady', topic, moment),
    condition('Reconciling', { ...ready, status: 'True' }, moment),
  ]
}

/** All refusals of one kind in one condition, the one that needs somebody first. */
function refusalOf({ refusals }: Plan, about: Refusal['about']): Judgement | null {
  const mine = refusals.filter((refusal) => refusal.about === about)
  const first = mine.find(({ reason }) => isStalled(reason)) ?? mine[0]
  if (first === undefined) return null
  return isFalse(first.reason, [...new Set(mine.map(({ message }) => message))].join(' '))
}

/** What failed of the objects. */
function failureOf(outcomes: readonly Outcome[], isAbout: (kind: string) => boolean): Judgement | null {
  for (const outcome of outcomes) {
    if (outcome.kind !== 'failed' || isTopicAction(outcome.action) || !('type' in outcome.action) || !isAbout(outcome.action.type.kind))
      continue
    const { action, failure } = outcome
    const isOfChannel = 'object' in action && failure.of === 'kubernetes' && failure.error.kind === 'invalid'
    const words = isOfChannel ? inChannelWords(action.object, failure.error.message) : wordsOf(failure)
    return isFalse(
      reasonOfFailure(failure),
      `The ${action.type.kind} could not be ${action.kind === 'delete-object' ? 'deleted' : 'applied'}: ${words}`,
    )
  }
  return null
}

function topicOf(use: TopicUse, plan: Plan, outcomes: readonly Outcome[]): TopicRecord | null {
  const { whenDone, otherwise } = plan[use]
  const isDone = outcomes.every(({ kind, action }) => kind === 'done' || !isTopicAction(action))
  if (isDone) return whenDone
  // A creation that was not answered may have happened. What is then found is the operator's own, if it is as it was asked for.
  const isUnanswered = outcomes.some(
    (outcome) =>
      outcome.kind === 'failed' &&
      outcome.action.kind === 'create-topic' &&
      (outcome.action.use ?? 'topic') === use &&
      isTransient(outcome.failure),
  )
  return isUnanswered ? whenDone : otherwise
}

/** What could not be changed is as it was: an Ingress that was not deleted still has its paths. */
function routeOf({ route }: Plan, outcomes: readonly Outcome[]): RouteRecord | null {
  const isDone = outcomes.every(({ kind, action }) => kind === 'done' || !('type' in action) || !isRouteKind(action.type.kind))
  return isDone ? route.whenDone : route.otherwise
}

/** What the channel has of its class, or of the operator, and does not say itself. */
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
