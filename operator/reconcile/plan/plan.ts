import { renderOperands } from '../../../cdk8s/operands/gateway-operands.ts'
import type { OperandInput } from '../../../cdk8s/operands/operand-input.ts'
import { checkChannelName } from '../../../api/child-names.ts'
import type { OperandKind } from '../../../api/child-types.ts'
import { ok, type Result } from '../../../program/result.ts'
import { annotations, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ApiError } from '../../runtime/kubernetes-api.ts'
import type { Action, Outcome, Plan, Refusal } from '../plan-types.ts'
import { egressOf } from './egress.ts'
import { reasonOfApiError } from '../failure-reasons.ts'
import { gatewayEnvironment, type GatewayEnvironment } from './environment.ts'
import type { OptionSource } from './options-of-spec.ts'
import { bystanderOf, isNoteStale } from '../children/in-charge.ts'
import { decideContest } from './contest.ts'
import { kafkaOfPods } from '../kafka-of-pods.ts'
import { channelPaths, routePaths, topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import { clusterAnswerMs, planObjects, soonest, type ObjectsPlan } from './objects.ts'
import { planSideTopic, type SideTopicPlan } from '../topic/plan-side-topic.ts'
import { creationOf } from '../topic/creations.ts'
import { perSideUse, sideUses, type SideUse } from '../topic/topic-uses.ts'
import { planDeletion } from './deletion.ts'
import { planRoute, isRouteKind } from '../route/plan-route.ts'
import { planScaling, type ScalingPlan } from './scaling.ts'
import { planTopic, type TopicPlan } from '../topic/plan-topic.ts'
import { runningDeployment } from '../children/running-gateway.ts'
import { keptRoute } from '../route/record.ts'
import { ports } from '../../../api/ports.ts'
import { names, type Settings } from '../settings.ts'
import { stoppingOf } from './stopping.ts'
import { unchangedPlan } from './unchanged-plan.ts'
import { finalizerField, isPaused, type World } from '../world.ts'

/**
 * Plans a channel in this world. Pure: the same world and settings give the same plan. An applied plan leaves a world for which there is nothing to do.
 * @param before outcomes of this reconcile that are not in the status yet
 */
export function planChannel(world: World, settings: Settings, before: readonly Outcome[] = []): Plan {
  const { metadata } = world.channel
  if (world.inCharge !== null) return planLeft(world, settings.appliedBy)
  if (metadata.deletionTimestamp !== undefined) return planDeletion(world, settings)
  if (isPaused(world.channel)) return unchangedPlan(world, 'paused')
  const name = checkChannelName(metadata.name)
  if (name.ok) return planActive(world, settings, before)
  const message = `${name.error}.`
  return { ...unchangedPlan(world, 'active'), refusals: everything.map((about) => ({ about, reason: 'InvalidName', message })) }
}

/** Plans for an operator that is not in charge. It only notes its Lease on the channel, unless the note of another operator may still be valid. */
function planLeft(world: World, appliedBy: string): Plan {
  const noted = bystanderOf(world.channel)
  const isNoted = noted === appliedBy || (noted !== null && world.bystander?.state !== 'gone')
  const plan = unchangedPlan(world, 'left')
  return isNoted ? plan : { ...plan, actions: [{ kind: 'annotate-channel', annotation: annotations.leftBy, value: appliedBy }] }
}

const everything = ['TopicReady', 'GatewayAvailable', 'RouteReady'] as const

function planActive(world: World, settings: Settings, before: readonly Outcome[]): Plan {
  const addFinalizer = finalizerActions(world, 'add-finalizer')
  const contest = decideContest(world, world.channel, addFinalizer.length === 0 ? [] : [finalizerField])
  const contested: readonly Refusal[] =
    contest === null ? [] : [{ about: 'TopicReady', reason: 'FieldContested', message: contest.message }]
  // No topic is created without the finalizer that will delete it.
  if (contest?.isHeld === true) return { ...unchangedPlan(world, 'active'), refusals: contested, requeueAfterMs: contest.againAfterMs }
  const topic = planTopic(world, creationOf('topic', before) === 'done')
  const sideTopics = perSideUse((use) => planSideTopic(use, world, topic, creationOf(use, before)))
  const sides = sideUses.map((use) => sideTopics[use])
  const gateway = planGateway(world, settings, { topic, sideTopics })
  return {
    phase: 'active',
    // The finalizer is added before its topic is created, and removed when everything else is done.
    actions: [
      ...staleNote(world, settings),
      ...addFinalizer,
      ...topic.actions,
      ...sides.flatMap(({ actions }) => actions),
      ...gateway.actions,
      ...finalizerActions(world, 'remove-finalizer'),
    ],
    refusals: [...contested, ...topic.refusals, ...sides.flatMap((side) => side.refusals), ...gateway.refusals],
    topic: topic.record,
    ...perSideUse((use) => sideTopics[use].record),
    route: gateway.route,
    holdsGatewayBack: gateway.holdsGatewayBack,
    requeueAfterMs: soonest(
      contest?.againAfterMs ?? null,
      topic.requeueAfterMs,
      ...sides.map(({ requeueAfterMs }) => requeueAfterMs),
      gateway.requeueAfterMs,
    ),
  }
}

function staleNote(world: World, { appliedBy }: Settings): readonly Action[] {
  return isNoteStale(world, appliedBy) ? [{ kind: 'annotate-channel', annotation: annotations.leftBy, value: null }] : []
}

/** Plans the finalizer, which is on a channel exactly while its deletion has to delete topics. */
function finalizerActions({ channel }: World, kind: 'add-finalizer' | 'remove-finalizer'): readonly Action[] {
  const has = channel.metadata.finalizers?.includes(names.finalizer) === true
  const needs = channel.spec.topic.deletionPolicy === 'Delete'
  if (kind === 'add-finalizer') return needs && !has ? [{ kind }] : []
  return has && !needs ? [{ kind, because: 'policy-is-retain' }] : []
}

type GatewayPlan = ObjectsPlan & Pick<Plan, 'holdsGatewayBack' | 'route'>

interface PlannedTopics {
  readonly topic: TopicPlan
  readonly sideTopics: Readonly<Record<SideUse, SideTopicPlan>>
}

function planGateway(world: World, settings: Settings, { topic: { epoch }, sideTopics }: PlannedTopics): GatewayPlan {
  const environment = environmentOf(world.channel, settings, {
    epoch,
    sideTopics: perSideUse((use) => sideTopics[use].used),
  })
  const fixedUser = hasFixedUser(world)
  const isTopicAwaited = sideUses.some((use) => sideTopics[use].isAwaited)
  const holdsGatewayBack = epoch === null || isTopicAwaited || environment === null || !environment.ok || !fixedUser.ok
  const refusals = [...(environment?.ok === false ? [environment.error] : []), ...(fixedUser.ok ? [] : [userUnknown(fixedUser.error)])]
  const scaling = planScaling(world)
  const input = operandInput(world, settings, {
    scaling,
    environment: environment?.ok === true ? environment.value : { environment: [], files: [] },
    hasFixedUser: fixedUser.ok && fixedUser.value,
  })
  const rendered = renderOperands(input)
  if (!rendered.ok)
    return {
      actions: [],
      refusals: [...refusals, { about: 'GatewayAvailable', reason: 'InvalidObject', message: rendered.error }],
      requeueAfterMs: null,
      holdsGatewayBack: true,
      route: keptRoute(world.channel),
    }
  const route = planRoute(world)
  const wanted = rendered.value.filter(({ kind }) => !(route.isLeftOut && isRouteKind(kind)))
  const objects = planObjects(world, wanted, { held: heldKinds(holdsGatewayBack, scaling), appliedBy: settings.appliedBy })
  const handOver = scaling.handOver === null || holdsGatewayBack ? [] : [scaling.handOver]
  return {
    actions: [...handOver, ...objects.actions],
    refusals: [...refusals, ...objects.refusals, ...route.refusals],
    route: { whenDone: route.record, otherwise: keptRoute(world.channel).otherwise },
    requeueAfterMs: soonest(
      objects.requeueAfterMs,
      route.requeueAfterMs,
      holdsGatewayBack ? null : scaling.requeueAfterMs,
      fixedUser.ok ? null : clusterAnswerMs,
    ),
    holdsGatewayBack,
  }
}

/** Decides on a fixed user for pods. While the cluster does not answer, pods keep their user, because another user restarts them. */
function hasFixedUser(world: World): Result<boolean, ApiError> {
  const { podUser } = world.channel.spec.gateway
  if (podUser !== undefined) return ok(podUser === 'Fixed')
  if (world.assignsPodUsers.ok) return ok(!world.assignsPodUsers.value)
  const running = runningDeployment(world)
  return running === null ? world.assignsPodUsers : ok(running.spec?.template?.spec?.securityContext?.runAsUser !== undefined)
}

function userUnknown(error: ApiError): Refusal {
  const message = `No pods are started, because the API server does not say whether the cluster assigns their user: ${error.message}. Set spec.gateway.podUser, or the operator's option GATEWAY_POD_USER.`
  return { about: 'GatewayAvailable', reason: reasonOfApiError(error), message }
}

/** Returns the environment of the pods; null: their Kafka is not known. */
function environmentOf(
  channel: RealtimeChannel,
  settings: Settings,
  { epoch, sideTopics }: Pick<OptionSource, 'sideTopics'> & { readonly epoch: string | null },
): ReturnType<typeof gatewayEnvironment> | null {
  const kafka = kafkaOfPods(channel.spec, settings.defaultKafka)
  if (kafka === null) return null
  // Without an epoch no pod is started, but invalid options are reported at once.
  return gatewayEnvironment(channel.spec, {
    channelName: channel.metadata.name,
    kafka,
    topicName: topicNameOf(channel),
    topicEpoch: epoch ?? '',
    sideTopics,
    paths: channelPaths(channel),
  })
}

/** Returns the kinds that are left as they are: an autoscaler without its Deployment, and a Deployment before its number of pods is safe. */
function heldKinds(holdsGatewayBack: boolean, { handOver }: ScalingPlan): ReadonlySet<OperandKind> {
  if (holdsGatewayBack) return new Set<OperandKind>(['Deployment', 'HorizontalPodAutoscaler'])
  return new Set<OperandKind>(handOver === null ? [] : ['Deployment'])
}

interface Decided {
  readonly scaling: ScalingPlan
  readonly environment: GatewayEnvironment
  readonly hasFixedUser: boolean
}

function operandInput({ channel }: World, settings: Settings, { scaling, environment, hasFixedUser: isFixed }: Decided): OperandInput {
  const { metadata, spec } = channel
  return {
    channel: { name: metadata.name, namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' },
    spec,
    image: spec.gateway.image ?? settings.image,
    ...environment,
    ports,
    paths: routePaths(channel),
    stopping: stoppingOf(spec.gateway.drainSeconds),
    scaling: scaling.scaling,
    hasFixedUser: isFixed,
    egress: egressOf(spec, kafkaOfPods(spec, settings.defaultKafka)?.brokers ?? []),
    peers: {
      public: spec.network.ingressFrom ?? (settings.publicNamespaces.length === 0 ? null : settings.publicNamespaces.map(peerOf)),
      internal: spec.network.metricsFrom ?? settings.metricsNamespaces.map(peerOf),
    },
  }
}

/** Returns a peer for a namespace, which has its name as this label: https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name */
function peerOf(namespace: string): Readonly<Record<string, unknown>> {
  return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }
}
