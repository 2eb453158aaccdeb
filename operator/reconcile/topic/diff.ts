import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { parseDurationMs } from '../../../program/durations.ts'
import type { TopicDescription } from './topic-admin.ts'

/** Topic that a channel asks for. */
export interface WantedTopic {
  readonly name: string
  readonly partitions: number
  /** Replication factor; null: the brokers choose. */
  readonly replicas: number | null
  readonly config: Readonly<Record<string, string>>
}

export function wantedTopic({ topic }: Pick<StoredSpec, 'topic'>, name: string): WantedTopic {
  const retentionMs = topic.retention === undefined ? null : parseDurationMs(topic.retention)
  const retention = retentionMs === null ? {} : { 'retention.ms': String(retentionMs) }
  return { name, partitions: topic.partitions, replicas: topic.replicas ?? null, config: sorted({ ...topic.config, ...retention }) }
}

/** State of a topic besides the channel's own. */
export interface FoundSideTopic {
  /** Null: it is missing, or Kafka did not answer. */
  readonly found: TopicDescription | null
  /** True if the operator created it for this channel. */
  readonly isOurs: boolean
}

/** Room for the headers that name the source of a copy. Bytes. */
const headerRoom = 65_536

/**
 * Returns the topic of dead letters that a channel asks for. If the operator did not create the topic, the channel asks for its retention alone, and the rest
 * stays as it is.
 */
export function wantedDeadLetters({ topic }: Pick<StoredSpec, 'topic'>, name: string, { found, isOurs }: FoundSideTopic): WantedTopic {
  const retentionMs = topic.deadLetters.retention === undefined ? null : parseDurationMs(topic.deadLetters.retention)
  const retention = retentionMs === null ? {} : { 'retention.ms': String(retentionMs) }
  if (found !== null && !isOurs) return { name, partitions: found.partitions, replicas: null, config: retention }
  const largest = Number(topic.config?.['max.message.bytes'])
  const size = Number.isSafeInteger(largest) ? { 'max.message.bytes': String(largest + headerRoom) } : {}
  return {
    name,
    partitions: found?.partitions ?? 1,
    replicas: found === null ? (topic.replicas ?? null) : null,
    config: sorted({ 'cleanup.policy': 'delete', ...size, ...retention }),
  }
}

/**
 * Returns the topic for events of browsers that a channel asks for. It is created with the partitions and replicas of the channel's own topic. It does not
 * grow with that one: the user is the key, and more partitions would move users. If the operator did not create the topic, its shape stays as it is.
 */
export function wantedUpstream(
  { topic, upstream }: Pick<StoredSpec, 'topic' | 'upstream'>,
  name: string,
  { found, isOurs }: FoundSideTopic,
): WantedTopic {
  const { partitions, replicas, retention, config } = upstream?.topic ?? {}
  const retentionMs = retention === undefined ? null : parseDurationMs(retention)
  const asked = { ...config, ...(retentionMs === null ? {} : { 'retention.ms': String(retentionMs) }) }
  if (found !== null && !isOurs)
    return { name, partitions: partitions ?? found.partitions, replicas: replicas ?? null, config: sorted(asked) }
  return {
    name,
    partitions: partitions ?? found?.partitions ?? topic.partitions,
    replicas: replicas ?? (found === null ? (topic.replicas ?? null) : null),
    config: sorted({ 'cleanup.policy': 'delete', ...acknowledgement(topic), ...asked }),
  }
}

/**
 * Returns the control topic that a channel asks for. Each pod reads it from its beginning, and Kafka compacts no active segment. So segments are small and
 * short-lived, and a topic is compacted when a tenth of it is obsolete, which bounds what a pod reads at its start.
 */
export function wantedControl({ topic }: Pick<StoredSpec, 'topic'>, name: string, { found, isOurs }: FoundSideTopic): WantedTopic {
  const compact = { 'cleanup.policy': 'compact' }
  if (found !== null && !isOurs) return { name, partitions: found.partitions, replicas: null, config: compact }
  return {
    name,
    partitions: found?.partitions ?? 1,
    replicas: found === null ? (topic.replicas ?? null) : null,
    config: sorted({ ...compact, ...controlSegments, ...acknowledgement(topic) }),
  }
}

/** Settings of the segments: an hour and 16 MiB at most, and a tenth of obsolete records. */
const controlSegments = { 'segment.ms': '3600000', 'segment.bytes': '16777216', 'min.cleanable.dirty.ratio': '0.1' }

/** Returns the channel's own setting for acknowledgement, which its other topics with acknowledged records share. */
function acknowledgement({ config = {} }: StoredSpec['topic']): Readonly<Record<string, string>> {
  const least = config['min.insync.replicas']
  return least === undefined ? {} : { 'min.insync.replicas': least }
}

/**
 * Returns the settings to change, by name; null unsets. A setting that is neither wanted nor ours stays: another client set it.
 * @param ours settings that the operator made before
 */
export function configChanges(
  wanted: WantedTopic,
  found: TopicDescription,
  ours: readonly string[],
): Readonly<Record<string, string | null>> {
  const set = Object.entries(wanted.config).filter(([name, value]) => found.config[name] !== value)
  const unset = ours
    .filter((name) => !Object.hasOwn(wanted.config, name) && Object.hasOwn(found.config, name))
    .map((name) => [name, null] as const)
  return sorted(Object.fromEntries([...set, ...unset]))
}

/** Returns the differences, as sentences for people. Empty: the topic is exactly as the channel asks, and nothing has to change. */
export function differences(wanted: WantedTopic, found: TopicDescription): readonly string[] {
  const settings = Object.entries(wanted.config).filter(([name, value]) => found.config[name] !== value)
  return [
    ...(wanted.partitions === found.partitions ? [] : [`it has ${found.partitions} partitions, and ${wanted.partitions} are asked for`]),
    ...(wanted.replicas === null || wanted.replicas === found.replicas
      ? []
      : [`its replication factor is ${found.replicas}, and ${wanted.replicas} is asked for`]),
    ...settings.map(
      ([name, value]) =>
        `its ${name} is ${Object.hasOwn(found.config, name) ? `"${found.config[name]}"` : 'not set'}, and "${value}" is asked for`,
    ),
  ]
}

function sorted<V>(record: Readonly<Record<string, V>>): Readonly<Record<string, V>> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
