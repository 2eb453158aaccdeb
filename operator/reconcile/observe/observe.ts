import { failed, ok, type Result } from '../../../program/result.ts'
import { type RealtimeChannel, type RealtimeChannelSpec, type WrittenChannel, channelType } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { ChildEchoes } from '../watch/child-echoes.ts'
import type { Claims } from '../watch/claims.ts'
import type { ChannelRefusal } from '../class/effective-channel.ts'
import type { ChannelResolver, ResolvedChannel } from '../class/channel-resolver.ts'
import { findConnection } from './connection.ts'
import { bystanderOf, markOf } from '../children/in-charge.ts'
import { observePods } from './pods.ts'
import type { RouteObserver } from './route.ts'
import type { OtherRoutes } from '../route/other-routes.ts'
import type { OtherOperators } from './other-operators.ts'
import { type NotUnderstood, parseChannel } from '../parse-channel.ts'
import { askedRoute, placesOfRecord } from '../route/record.ts'
import { isMissing, type KafkaConnection, type TopicAdmins } from '../topic/topic-admin.ts'
import { foundIdsOf } from '../topic/claims.ts'
import { lookedAtTopic, recordsOf } from '../topic/record.ts'
import { perUse, topicUses } from '../topic/topic-uses.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import {
  childKey,
  type ChildKey,
  type ConnectionProblem,
  type Found,
  type FoundTopic,
  type FoundTopics,
  type OtherOperator,
  type RouteRival,
  type World,
  isPaused,
} from '../world.ts'

export interface ObserverParts {
  readonly api: Pick<KubernetesApi, 'get' | 'list'>
  readonly admins: TopicAdmins
  readonly ownConnection: () => KafkaConnection | null
  readonly claims: Claims
  readonly children: ChildEchoes
  readonly routes: RouteObserver
  readonly otherRoutes: Pick<OtherRoutes, 'within'>
  readonly assignsPodUsers: () => Promise<Result<boolean, ApiError>>
  readonly otherOperators: Pick<OtherOperators, 'find'>
  readonly contestedOf: (channel: RealtimeChannel) => World['contested']
  /** Every kind of child, and the name of a child for a channel. */
  readonly childTypes: readonly ResourceType[]
  readonly childNameOf: (channelName: string) => string
  readonly resolver: ChannelResolver
  /** Called with channels whose claims have to be checked again. */
  readonly onClaimsChanged: (channels: readonly ObjectRef[]) => void
  readonly nowMs: () => number
}

export type Observation =
  /** There is no such channel. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-understood'; readonly object: KubernetesObject; readonly problem: NotUnderstood }
  /** Nothing is done for the channel as it is, and its Kafka is not contacted. */
  | { readonly kind: 'refused'; readonly channel: WrittenChannel; readonly refusal: ChannelRefusal }
  | {
      readonly kind: 'world'
      readonly world: World
      readonly unknownFields: readonly string[]
      readonly connection: KafkaConnection | null
    }

export interface Observer {
  /** Reads everything that a plan for the channel needs. @returns an error only when the channel or its class could not be read */
  observe(ref: ObjectRef): Promise<Result<Observation, ApiError>>
  /** Reads only the topics again, after one was created. */
  observeTopics(channel: RealtimeChannel, connection: KafkaConnection): Promise<FoundTopics>
}

function withoutConnection(channel: RealtimeChannel, problem: ConnectionProblem): FoundTopics {
  const found: FoundTopic = { kind: 'no-connection', problem }
  return perUse((use) => (lookedAtTopic(use, channel) === null ? null : found))
}

export function createObserver(parts: ObserverParts): Observer {
  const { api, admins, claims, routes, nowMs } = parts

  async function observeTopics(channel: RealtimeChannel, connection: KafkaConnection): Promise<FoundTopics> {
    // All at once: the admin makes one request of them.
    const found = await Promise.all(
      topicUses.map(async (use) => {
        const name = lookedAtTopic(use, channel)
        return [use, name === null ? null : await observeTopic(name, connection)] as const
      }),
    )
    const byUse = new Map(found)
    return perUse((use) => byUse.get(use) ?? null)
  }

  async function observeTopic(name: string, connection: KafkaConnection): Promise<FoundTopic> {
    const described = await admins.of(connection).describe(name)
    if (!described.ok) return { kind: 'failed', failure: described.error }
    return isMissing(described.value) ? { kind: 'missing', topic: described.value } : { kind: 'present', topic: described.value }
  }

  async function observeKafka(
    channel: RealtimeChannel,
    written: RealtimeChannelSpec,
  ): Promise<{ readonly connection: KafkaConnection | null; readonly topics: FoundTopics }> {
    const connection = await findConnection(channel, parts, written.kafka?.bootstrapServers === undefined ? 'class' : 'channel')
    if (!connection.ok) return { connection: null, topics: withoutConnection(channel, connection.error) }
    return { connection: connection.value, topics: await observeTopics(channel, connection.value) }
  }

  async function observeWorld(
    { channel, className, topicRules, brokers }: ResolvedChannel,
    written: RealtimeChannelSpec,
    ref: ObjectRef,
  ): Promise<{ readonly world: World; readonly connection: KafkaConnection | null }> {
    const [children, kafka, route, assignsPodUsers] = await Promise.all([
      observeChildren(channel, ref, parts),
      isKafkaAsked(channel, topicRules) ? observeKafka(channel, written) : nothingAsked,
      routes.observe(channel),
      arePodUsersAsked(channel) ? parts.assignsPodUsers() : ok(false),
    ])
    const deployment = children.get(childKey('Deployment', parts.childNameOf(ref.name)))
    const [inCharge, bystander] = await Promise.all([findOther(markOf(channel, children), parts), findOther(bystanderOf(channel), parts)])
    const troubledPods = deployment?.kind === 'object' ? await observePods(api, deployment.object) : []
    const asked = askedRoute(channel)
    const otherRoutes = asked === null ? [] : parts.otherRoutes.within(placesOfRecord(asked))
    const rivals = { ...claims.rivalsOf(channel, topicRules, foundIdsOf(kafka.topics)), route: routeRivalOf(channel) }
    return {
      connection: kafka.connection,
      world: {
        nowMs: nowMs(),
        channel,
        children,
        ...kafka.topics,
        records: recordsOf(channel),
        topicRules,
        underClass: { name: className, written, brokers },
        rivals,
        route,
        otherRoutes,
        assignsPodUsers,
        troubledPods,
        inCharge: inCharge?.state === 'gone' ? null : inCharge,
        bystander,
        contested: parts.contestedOf(channel),
      },
    }
  }

  /** Finds the rival of the route. Synchronous, and for the channel as it is planned: the watch may have seen a newer version of it. */
  function routeRivalOf(channel: RealtimeChannel): RouteRival | null {
    // Nothing is created for this channel now, so it takes no route.
    if (isPaused(channel) || channel.metadata.deletionTimestamp !== undefined) return claims.routeRivalIf(channel)
    const { rival, affected } = claims.takeRoute(channel)
    parts.onClaimsChanged(affected)
    return rival
  }

  /**
   * Applies the class to the channel. The class may have changed since the watch last saw the channel, and with it the channel's claims.
   */
  async function resolve(written: WrittenChannel): ReturnType<ChannelResolver['resolve']> {
    if (written.metadata.deletionTimestamp !== undefined) {
      const atEnd = await parts.resolver.resolveAtEnd(written)
      return atEnd.ok ? ok(atEnd) : atEnd
    }
    const resolved = await parts.resolver.resolve(written)
    if (resolved.ok && claims.isKnown(written))
      parts.onClaimsChanged(
        resolved.value.ok ? claims.upsert(resolved.value.value.channel, resolved.value.value.topicRules) : claims.suspend(written),
      )
    return resolved
  }

  return {
    observeTopics,
    async observe(ref) {
      const object = await api.get(channelType, ref)
      if (!object.ok) return object.error.kind === 'not-found' ? ok({ kind: 'gone' }) : failed(object.error)
      const parsed = parseChannel(object.value)
      if (!parsed.ok) return ok({ kind: 'not-understood', object: object.value, problem: parsed.error })
      const { channel: written, unknownFields } = parsed.value
      const resolved = await resolve(written)
      if (!resolved.ok) return resolved
      if (!resolved.value.ok) return ok({ kind: 'refused', channel: written, refusal: resolved.value.error })
      return ok({ kind: 'world', unknownFields, ...(await observeWorld(resolved.value.value, written.spec, ref)) })
    },
  }
}

/**
 * Returns false for a channel that is being deleted and may not delete its topic. Its brokers are not contacted: they may belong to a
 * stranger.
 */
function isKafkaAsked({ metadata }: RealtimeChannel, { deletion }: TopicRules): boolean {
  return metadata.deletionTimestamp === undefined || deletion !== 'Never'
}

/** Returns false for a channel that is being deleted: its pods need no user. */
function arePodUsersAsked({ metadata, spec }: RealtimeChannel): boolean {
  return metadata.deletionTimestamp === undefined && spec.gateway.podUser === undefined
}

const nothingAsked = { connection: null, topics: perUse(() => null) }

async function findOther(lease: string | null, { otherOperators }: ObserverParts): Promise<OtherOperator | null> {
  return lease === null ? null : otherOperators.find(lease)
}

/**
 * Reads the objects that have the names of children, regardless of their creator, and those that the watches know as children. Only some
 * channels ask for routes and autoscalers. For all others the watches' knowledge is enough: each read costs the API server at every resync.
 */
async function observeChildren(
  channel: RealtimeChannel,
  ref: ObjectRef,
  { api, children, childTypes, childNameOf }: ObserverParts,
): Promise<ReadonlyMap<ChildKey, Found>> {
  const expected = childTypes.filter(({ kind }) => mayAskFor(channel, kind)).map((type) => ({ type, name: childNameOf(ref.name) }))
  const others = [...children.keysOf(ref)].flatMap((key) => {
    const [kind = '', name = ''] = key.split('/')
    const type = childTypes.find((candidate) => candidate.kind === kind)
    return type === undefined || expected.some((each) => each.type === type && each.name === name) ? [] : [{ type, name }]
  })
  const found = await Promise.all(
    [...expected, ...others].map(async ({ type, name }): Promise<readonly [ChildKey, Found] | null> => {
      const object = await api.get(type, { namespace: ref.namespace, name })
      if (object.ok) return [childKey(type.kind, name), { kind: 'object', type, object: object.value }]
      return object.error.kind === 'not-found' ? null : [childKey(type.kind, name), { kind: 'unknown', type, error: object.error }]
    }),
  )
  return new Map(found.filter((entry) => entry !== null))
}

function mayAskFor({ spec }: RealtimeChannel, kind: string): boolean {
  if (kind === 'HorizontalPodAutoscaler') return spec.gateway.autoscaling !== undefined
  if (kind === 'Ingress' || kind === 'HTTPRoute') return spec.route.type === kind
  return true
}
