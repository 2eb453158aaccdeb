import { parseDurationMs } from '../../../program/durations.ts'
import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'

/** Setting with which the topic does not serve the channel. */
export interface SettingProblem {
  /** useless: the channel cannot keep its promises. doubtful: it keeps them while no broker fails, or for most events. */
  readonly kind: 'useless' | 'doubtful'
  /** Name such as `min.insync.replicas`. */
  readonly setting: string
  /** The value, the problem and the remedy. */
  readonly message: string
}

export interface TopicSettings {
  /** Known values in force, inherited ones included. */
  readonly settings: Readonly<Record<string, string>>
  /** Replication factor; null: the brokers choose. */
  readonly replicas: number | null
  /** Largest event that the topic has to store, in bytes; null: no minimum, because larger records are cut. */
  readonly eventBytes: number | null
  /** What asks for events of this size, in messages. @default spec.limits.eventBytes */
  readonly askedBy?: string
  /** Age of the oldest event that clients may ask for; null: no client reads the topic. */
  readonly replayWindowMs: number | null
}

/** Returns what a channel needs of its topic. */
export function needsOf({ limits, replay }: Pick<StoredSpec, 'limits' | 'replay'>): Pick<TopicSettings, 'eventBytes' | 'replayWindowMs'> {
  return { eventBytes: limits.eventBytes, replayWindowMs: parseDurationMs(replay.window) }
}

/** Bytes of a record beside the data of its event: attributes, key and headers. */
const attributeBytes = 8_192

/** Returns what a channel needs of its upstream topic, which no client reads. */
export function needsOfUpstream({ upstream }: Pick<StoredSpec, 'upstream'>): Omit<TopicSettings, 'settings' | 'replicas'> {
  const largest = Math.max(0, ...(upstream?.accept ?? []).map(({ maxBytes }) => maxBytes))
  return {
    eventBytes: largest + attributeBytes,
    askedBy: 'the largest maxBytes of spec.upstream.accept with its attributes',
    replayWindowMs: null,
  }
}

/** Returns the settings that defeat the purpose of a topic although Kafka accepts them. Kafka itself refuses a value that is not a number. */
export function checkSettings(topic: TopicSettings): readonly SettingProblem[] {
  return [...checkAcknowledgement(topic), ...checkSize(topic), ...checkCleanup(topic), ...checkRetention(topic)]
}

function checkAcknowledgement({ settings, replicas }: TopicSettings): readonly SettingProblem[] {
  const setting = 'min.insync.replicas'
  const least = numberOf(settings[setting])
  if (least === null || replicas === null) return []
  if (least > replicas)
    return [
      useless(
        setting,
        `min.insync.replicas is ${least}, and the topic has ${count(replicas)}, so Kafka takes no event. Set it to ${replicas} or less`,
      ),
    ]
  if (replicas === 1) return []
  if (least === 1)
    return [
      doubtful(
        setting,
        `min.insync.replicas is 1, and the topic has ${replicas} replicas, so accepted events may be lost with a broker. Set it to 2`,
      ),
    ]
  return least === replicas
    ? [
        doubtful(
          setting,
          `min.insync.replicas is ${least}, as many as the topic has replicas, so Kafka takes no event while one of its brokers is away. Set it to ${replicas - 1}`,
        ),
      ]
    : []
}

const count = (replicas: number): string => (replicas === 1 ? '1 replica' : `${replicas} replicas`)

function checkSize({ settings, eventBytes, askedBy = 'spec.limits.eventBytes' }: TopicSettings): readonly SettingProblem[] {
  const setting = 'max.message.bytes'
  const largest = numberOf(settings[setting])
  if (largest === null || eventBytes === null || largest >= eventBytes) return []
  return [
    useless(
      setting,
      `max.message.bytes is ${largest}, and ${askedBy} is ${eventBytes}, so Kafka refuses events that the gateways accept. Raise max.message.bytes or lower ${askedBy}`,
    ),
  ]
}

function checkCleanup({ settings }: TopicSettings): readonly SettingProblem[] {
  const setting = 'cleanup.policy'
  const policies = (settings[setting] ?? '').split(',').map((policy) => policy.trim())
  if (!policies.includes('compact')) return []
  const why = 'so Kafka refuses events without a key and deletes all but the last event of each key. Set it to delete'
  return policies.includes('delete')
    ? [doubtful(setting, `cleanup.policy is ${settings[setting]}, ${why}`)]
    : [useless(setting, `cleanup.policy is compact, ${why}`)]
}

function checkRetention({ settings, replayWindowMs }: TopicSettings): readonly SettingProblem[] {
  const setting = 'retention.ms'
  const retentionMs = numberOf(settings[setting])
  const isForEver = retentionMs !== null && retentionMs < 0
  if (retentionMs === null || replayWindowMs === null || isForEver || retentionMs >= replayWindowMs) return []
  return [
    useless(
      setting,
      `retention.ms is ${retentionMs}, less than spec.replay.window (${replayWindowMs} ms), so events that clients may still ask for are already deleted. Raise retention.ms or lower spec.replay.window`,
    ),
  ]
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : null
}

const useless = (setting: string, message: string): SettingProblem => ({ kind: 'useless', setting, message })
const doubtful = (setting: string, message: string): SettingProblem => ({ kind: 'doubtful', setting, message })
