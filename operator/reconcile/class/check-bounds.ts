import { isDeepStrictEqual } from 'node:util'
import { parseQuantity } from '../../../api/quantities.ts'
import { gatewayResources } from '../../../cdk8s/operands/resources.ts'
import { channelPaths, deadLetterTopicOf, topicNameOf, upstreamTopicOf } from '../../../api/v1alpha1/channel-names.ts'
import { withDefaults, type RealtimeChannel, type RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { matchesText, type PatternChannel } from '../../config/topic-pattern.ts'
import { whyNameIsNotAllowed } from '../topic/name-rules.ts'
import type { Bounds } from './bounds.ts'
import { matchesHost, matchesKey, matchesPair, matchesPath } from './patterns.ts'

/** Value of a channel that its class does not allow. */
export interface Violation {
  /** Path such as `spec.route.host`. */
  readonly field: string
  readonly value: string
  /** Path such as `spec.allowed.hosts`. */
  readonly bound: string
  /** Description of the allowed values. */
  readonly allows: string
  /** Another remedy for the owner of the channel, as a sentence. */
  readonly remedy?: string
}

export interface BoundedChannel {
  /** Channel with the defaults of its class. */
  readonly channel: RealtimeChannel
  /** Defaults of the class. They are allowed without being named in the bounds; numbers are checked all the same. */
  readonly defaults: RealtimeChannelSpec
  readonly bounds: Bounds
  /** Default image of gateways. */
  readonly image: string
  /** Brokers of the operator's options. */
  readonly brokers: readonly string[]
}

/** Returns all values of a channel that its class does not allow. Pure: it reads only its argument. */
export function checkBounds(bounded: BoundedChannel): readonly Violation[] {
  return [
    checkTopic,
    checkBrokers,
    checkRoute,
    checkService,
    checkImage,
    checkSize,
    checkResources,
    checkEnvironment,
    checkScheduling,
    checkPodMetadata,
    checkNetwork,
    checkUpstream,
  ].flatMap((check) => check(bounded))
}

type Check = (bounded: BoundedChannel) => readonly Violation[]

const checkTopic: Check = ({ channel, bounds }) => {
  const { topic } = channel.spec
  const [name, letters] = [topicNameOf(channel), deadLetterTopicOf(channel)]
  const mayHave = (asked: string): boolean => whyNameIsNotAllowed(bounds, patternChannel(channel), asked) === null
  // The default name of the dead letter topic follows from the topic's name, and is then refused for the same reason.
  const areLettersAllowed = letters === null || mayHave(letters) || (topic.deadLetters.name === undefined && !mayHave(name))
  return [
    ...unless(mayHave(name), { field: 'spec.topic.name', value: name, bound: 'topics', allows: describeTopics(bounds, name) }),
    ...unless(areLettersAllowed, {
      field: 'spec.topic.deadLetters.name',
      value: letters ?? '',
      bound: 'topics',
      allows: describeTopics(bounds, letters ?? ''),
      remedy: 'spec.topic.deadLetters.enabled: false goes without dead letters.',
    }),
    ...unless(topic.partitions <= bounds.maxPartitions, {
      field: 'spec.topic.partitions',
      value: String(topic.partitions),
      bound: 'maxPartitions',
      allows: `${bounds.maxPartitions} at most`,
    }),
    ...unless(topic.deletionPolicy !== 'Delete' || bounds.deletion !== 'Never', {
      field: 'spec.topic.deletionPolicy',
      value: topic.deletionPolicy,
      bound: 'deletion',
      allows: 'Retain only',
    }),
  ]
}

function describeTopics({ topics }: Bounds, name: string): string {
  return name.startsWith('_') ? `${list(topics)}, and a name that begins with _ only by a pattern that begins with _` : list(topics)
}

/** Checks brokers. The class provides those of its defaults, or those of the operator's options if it names none. */
const checkBrokers: Check = ({ channel, defaults, bounds, brokers }) => {
  const provided = defaults.kafka?.bootstrapServers ?? brokers
  const disallowed = (channel.spec.kafka.bootstrapServers ?? []).filter(
    (broker) =>
      !provided.includes(broker) && !bounds.bootstrapServers.some((pattern) => matchesHost(pattern, patternChannel(channel), broker)),
  )
  return disallowed.map((broker) =>
    violation({
      field: 'spec.kafka.bootstrapServers',
      value: broker,
      bound: 'bootstrapServers',
      allows: list([...provided, ...bounds.bootstrapServers]),
    }),
  )
}

const checkRoute: Check = ({ channel, defaults, bounds }) => {
  const { route } = channel.spec
  if (route.type === 'None') return []
  const own = patternChannel(channel)
  const { host = '' } = route
  const isHostAllowed = host === defaults.route?.host || bounds.hosts.some((pattern) => matchesHost(pattern, own, host))
  const { socket, api } = channelPaths(channel)
  const paths = [
    ['socket', socket],
    ['api', api],
  ] as const
  const disallowedPaths = paths.filter(
    ([kind, path]) => path !== defaults.route?.paths?.[kind] && !bounds.pathPrefixes.some((pattern) => matchesPath(pattern, own, path)),
  )
  return [
    ...unless(isHostAllowed, { field: 'spec.route.host', value: host, bound: 'hosts', allows: list(bounds.hosts) }),
    ...disallowedPaths.map(([kind, path]) =>
      violation({ field: `spec.route.paths.${kind}`, value: path, bound: 'pathPrefixes', allows: list(bounds.pathPrefixes) }),
    ),
    ...checkKeys(route.annotations, defaults.route?.annotations, {
      field: 'spec.route.annotations',
      bound: 'routeAnnotations',
      keys: bounds.routeAnnotations,
    }),
    ...checkKeys(route.labels, defaults.route?.labels, { field: 'spec.route.labels', bound: 'routeLabels', keys: bounds.routeLabels }),
  ]
}

const checkService: Check = ({ channel, defaults, bounds }) =>
  checkKeys(channel.spec.service.annotations, defaults.service?.annotations, {
    field: 'spec.service.annotations',
    bound: 'serviceAnnotations',
    keys: bounds.serviceAnnotations,
  })

const checkImage: Check = ({ channel, defaults, bounds, image: ours }) => {
  const { image } = channel.spec.gateway
  const isAllowed =
    image === undefined ||
    image === ours ||
    image === defaults.gateway?.image ||
    bounds.images.some((pattern) => matchesText(pattern, patternChannel(channel), image))
  return unless(isAllowed, { field: 'spec.gateway.image', value: image ?? '', bound: 'images', allows: list([ours, ...bounds.images]) })
}

const checkSize: Check = ({ channel, bounds }) => {
  const { replicas, autoscaling } = channel.spec.gateway
  const sizes =
    autoscaling === undefined
      ? ([['replicas', replicas]] as const)
      : ([
          ['autoscaling.minReplicas', autoscaling.minReplicas],
          ['autoscaling.maxReplicas', autoscaling.maxReplicas],
        ] as const)
  return sizes.flatMap(([name, size]) =>
    unless(size <= bounds.maxReplicas, {
      field: `spec.gateway.${name}`,
      value: String(size),
      bound: 'maxReplicas',
      allows: `${bounds.maxReplicas} at most`,
    }),
  )
}

/** Checks the resources that a pod really gets: the memory limit follows from `replay.maxBytes`. */
const checkResources: Check = ({ channel, bounds }) => {
  const { requests, limits } = gatewayResources(channel.spec)
  const asked = [
    ...Object.entries(requests).map(([name, quantity]) => ['requests', name, quantity] as const),
    ...Object.entries(limits).map(([name, quantity]) => ['limits', name, quantity] as const),
  ]
  return asked.flatMap(([kind, name, quantity]) => {
    const most = Object.hasOwn(bounds.maxResources, name) ? bounds.maxResources[name] : undefined
    const isWithin = most !== undefined && isAtMost(quantity, most)
    return unless(isWithin, {
      field: `spec.gateway.resources.${kind}.${name}`,
      value: describeResource(channel, kind, name, quantity),
      bound: 'maxResources',
      allows: most === undefined ? `none of ${name}` : `${most} at most`,
    })
  })
}

function describeResource({ spec }: RealtimeChannel, kind: 'requests' | 'limits', name: string, quantity: string): string {
  const isWritten = spec.gateway.resources?.[kind]?.[name] !== undefined
  return isWritten || name !== 'memory' ? quantity : `${quantity} (which follows from spec.replay.maxBytes)`
}

/** Returns whether a quantity is within its bound. The API server refuses an invalid quantity. */
function isAtMost(quantity: string | number, most: string | number): boolean {
  const [given, bound] = [parseQuantity(quantity), parseQuantity(most)]
  return given === null || (bound !== null && given.nano <= bound.nano)
}

const collectorVariable = 'OTEL_EXPORTER_OTLP_ENDPOINT'

const checkEnvironment: Check = ({ channel, defaults, bounds }) => {
  const isProvided = (name: string, value: string): boolean =>
    (defaults.gateway?.env ?? []).some((each) => each.name === name && each.value === value)
  const disallowed = (channel.spec.gateway.env ?? []).filter(
    ({ name, value }) => !isProvided(name, value) && !bounds.env.some((pattern) => matchesKey(pattern, name)),
  )
  // A collector may be at any address that the pods reach.
  const { endpoint } = channel.spec.tracing ?? {}
  const hasOwnCollector =
    endpoint !== undefined &&
    endpoint !== defaults.tracing?.endpoint &&
    !bounds.env.some((pattern) => matchesKey(pattern, collectorVariable))
  return [
    ...disallowed.map(({ name }) => violation({ field: 'spec.gateway.env', value: name, bound: 'env', allows: list(bounds.env) })),
    ...(hasOwnCollector
      ? [
          violation({
            field: 'spec.tracing.endpoint',
            value: endpoint,
            bound: 'env',
            allows: `${list(bounds.env)}, and not ${collectorVariable}`,
          }),
        ]
      : []),
  ]
}

const checkScheduling: Check = ({ channel, defaults: { gateway: provided = {} }, bounds: { scheduling } }) => {
  const { nodeSelector = {}, tolerations = [], priorityClassName, affinity } = channel.spec.gateway
  const disallowedNodes = Object.entries(nodeSelector).filter(
    ([key, value]) =>
      provided.nodeSelector?.[key] !== value && !scheduling.nodeSelector.some((pattern) => matchesPair(pattern, key, value)),
  )
  const disallowedTolerations = tolerations.filter(
    (toleration) => !isSameAsOne(toleration, provided.tolerations) && !mayTolerate(toleration, scheduling.tolerations),
  )
  const hasOwnPriority = priorityClassName !== undefined && priorityClassName !== provided.priorityClassName
  const hasOwnAffinity = affinity !== undefined && !isSameAsOne(affinity, [provided.affinity])
  return [
    ...disallowedNodes.map(([key, value]) =>
      violation({
        field: 'spec.gateway.nodeSelector',
        value: `${key}=${value}`,
        bound: 'scheduling.nodeSelector',
        allows: list(scheduling.nodeSelector),
      }),
    ),
    ...disallowedTolerations.map((toleration) =>
      violation({
        field: 'spec.gateway.tolerations',
        value: describeToleration(toleration),
        bound: 'scheduling.tolerations',
        allows: list(scheduling.tolerations),
      }),
    ),
    ...unless(!hasOwnPriority || scheduling.priorityClassNames.some((pattern) => matchesKey(pattern, priorityClassName)), {
      field: 'spec.gateway.priorityClassName',
      value: priorityClassName ?? '',
      bound: 'scheduling.priorityClassNames',
      allows: list(scheduling.priorityClassNames),
    }),
    ...unless(!hasOwnAffinity || scheduling.affinity, {
      field: 'spec.gateway.affinity',
      value: 'set',
      bound: 'scheduling.affinity',
      allows: 'none',
    }),
  ]
}

type Toleration = Readonly<Record<string, unknown>>

const wordIn = (toleration: Toleration, field: string): string => (typeof toleration[field] === 'string' ? toleration[field] : '')

/** Returns whether a toleration is allowed. Without a key it tolerates every taint. With the operator Exists it tolerates every value of the taint. */
function mayTolerate(toleration: Toleration, patterns: readonly string[]): boolean {
  const key = wordIn(toleration, 'key')
  if (key === '') return patterns.includes('*')
  const isAnyValue = wordIn(toleration, 'operator') === 'Exists'
  return patterns.some((pattern) =>
    isAnyValue
      ? (!pattern.includes('=') || pattern.endsWith('=*')) && matchesKey(pattern.split('=')[0] ?? '', key)
      : matchesPair(pattern, key, wordIn(toleration, 'value')),
  )
}

function describeToleration(toleration: Toleration): string {
  const [key, value] = [wordIn(toleration, 'key'), wordIn(toleration, 'value')]
  return `${key === '' ? 'every taint' : key}${value === '' ? '' : `=${value}`}`
}

function isSameAsOne(value: unknown, provided: readonly unknown[] = []): boolean {
  return provided.some((each) => isDeepStrictEqual(each, value))
}

const checkPodMetadata: Check = ({ channel, defaults, bounds: { podMetadata } }) => [
  ...checkKeys(channel.spec.gateway.podLabels, defaults.gateway?.podLabels, {
    field: 'spec.gateway.podLabels',
    bound: 'podMetadata.labels',
    keys: podMetadata.labels,
  }),
  ...checkKeys(channel.spec.gateway.podAnnotations, defaults.gateway?.podAnnotations, {
    field: 'spec.gateway.podAnnotations',
    bound: 'podMetadata.annotations',
    keys: podMetadata.annotations,
  }),
]

/**
 * Checks network peers. An empty list of ingress peers opens nothing. An empty `egress` does: the pods may then reach a port that the channel chose, at any
 * address.
 */
const checkNetwork: Check = ({ channel, defaults: { network: provided = {} }, bounds }) => {
  const { network } = channel.spec
  const lists = (['ingressFrom', 'metricsFrom'] as const).filter((name) =>
    (network[name] ?? []).some((peer) => !isSameAsOne(peer, provided[name])),
  )
  const hasOwnEgress = network.egress !== undefined && !isSameAsOne(network.egress, [provided.egress])
  return bounds.networkPeers
    ? []
    : [...lists, ...(hasOwnEgress ? (['egress'] as const) : [])].map((name) =>
        violation({
          field: `spec.network.${name}`,
          value: 'set',
          bound: 'networkPeers',
          allows: provided[name] === undefined ? 'none' : 'only those of its defaults',
        }),
      )
}

/** Checks events of browsers. A section that is exactly the class's own is allowed. */
const checkUpstream: Check = ({ channel, defaults, bounds }) => {
  const { upstream } = channel.spec
  if (upstream === undefined) return []
  const name = upstreamTopicOf(channel) ?? ''
  const isNamed = upstream.topic.name !== undefined
  const mayHave = (asked: string): boolean => whyNameIsNotAllowed(bounds, patternChannel(channel), asked) === null
  const { partitions = 0 } = upstream.topic
  return [
    ...unless(bounds.upstream || isSameAsOne(upstream, [withDefaults(defaults).upstream]), {
      field: 'spec.upstream',
      value: 'set',
      bound: 'upstream',
      allows: defaults.upstream === undefined ? 'none' : 'only that of its defaults',
    }),
    // The default name follows from the topic's name, and is then refused for the same reason.
    ...unless(mayHave(name) || (!isNamed && !mayHave(topicNameOf(channel))), {
      field: 'spec.upstream.topic.name',
      value: name,
      bound: 'topics',
      allows: describeTopics(bounds, name),
    }),
    ...unless(partitions <= bounds.maxPartitions, {
      field: 'spec.upstream.topic.partitions',
      value: String(partitions),
      bound: 'maxPartitions',
      allows: `${bounds.maxPartitions} at most`,
    }),
  ]
}

type Texts = Readonly<Record<string, string>>

interface KeyBound {
  readonly field: string
  readonly bound: string
  readonly keys: readonly string[]
}

function checkKeys(texts: Texts = {}, provided: Texts = {}, { field, bound, keys }: KeyBound): readonly Violation[] {
  const isProvided = (key: string, value: string): boolean => Object.hasOwn(provided, key) && provided[key] === value
  const disallowed = Object.entries(texts).filter(
    ([key, value]) => !isProvided(key, value) && !keys.some((pattern) => matchesKey(pattern, key)),
  )
  return disallowed.map(([key]) => violation({ field, value: key, bound, allows: list(keys) }))
}

function patternChannel({ metadata }: RealtimeChannel): PatternChannel {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}

function unless(isAllowed: boolean, found: Violation): readonly Violation[] {
  return isAllowed ? [] : [violation(found)]
}

function violation({ bound, ...found }: Violation): Violation {
  return { ...found, bound: `spec.allowed.${bound}` }
}

const shownPatterns = 8

function list(patterns: readonly string[]): string {
  if (patterns.length === 0) return 'none'
  const more = patterns.length > shownPatterns ? [`${patterns.length - shownPatterns} more`] : []
  return [...patterns.slice(0, shownPatterns), ...more].join(', ')
}
