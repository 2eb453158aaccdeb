import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Action, Outcome } from '../plan-types.ts'
import { childKey, finalizerField, healKey, type Contest, type HealKey } from '../world.ts'
import { keyOf, refOf } from '../../../api/object-ref.ts'

/** Counts how often fields of the channels' objects are healed. */
export interface HealMeter {
  /** Returns the contested fields of the channel's objects. A channel that has changed since then has none: its new spec is applied. */
  contestedOf(channel: RealtimeChannel): ReadonlyMap<HealKey, Contest>
  /** Notes what a reconcile has healed. */
  healed(channel: RealtimeChannel, outcomes: readonly Outcome[]): void
}

/** Remembered channels. */
export const defaultMaxChannels = 4_096

export interface HealMeterParts {
  readonly nowMs: () => number
  /** Maximum number of remembered channels. Beyond it, the channel that was healed longest ago is forgotten. @default 4096 */
  readonly maxChannels?: number
}

/** Number of heals of one field within the window that make it contested. An autoscaler writes every 15 s. */
export const maxHeals = 3
export const windowMs = 120_000
const firstPauseMs = 60_000
export const maxPauseMs = 600_000
/**
 * Time after its pause for which a contested field is remembered. The next reconcile comes at the end of the pause and finds the field
 * changed again, or not.
 */
const rememberedMs = 120_000

interface Heals {
  readonly atMs: readonly number[]
  /** Null: not contested. */
  readonly pauseMs: number | null
  readonly takenBy: readonly string[]
}

interface Known {
  /** Fingerprint of the channel at the time of the heal. */
  readonly fingerprint: string
  readonly fields: Map<HealKey, Heals>
}

/**
 * An edit of an object is healed at once. Another writer may repeat it each time (an autoscaler on the Deployment, a policy engine, another
 * operator). Healing at once would then be an endless fight in which pods come and go. So a field that was healed three times in two
 * minutes is contested. It is then healed only after a pause, which doubles up to ten minutes.
 */
export function createHealMeter({ nowMs, maxChannels = defaultMaxChannels }: HealMeterParts): HealMeter {
  const channels = new Map<string, Known>()

  function knownOf(channel: RealtimeChannel): Known | null {
    const key = keyOf(refOf(channel))
    const known = channels.get(key)
    if (known === undefined) return null
    forgetOld(known.fields, nowMs())
    if (known.fields.size > 0 && known.fingerprint === fingerprintOf(channel)) return known
    channels.delete(key)
    return null
  }

  function remember(channel: RealtimeChannel): Known {
    const known = knownOf(channel) ?? { fingerprint: fingerprintOf(channel), fields: new Map<HealKey, Heals>() }
    channels.delete(keyOf(refOf(channel)))
    channels.set(keyOf(refOf(channel)), known)
    const [oldest] = channels.keys()
    if (channels.size > maxChannels && oldest !== undefined) channels.delete(oldest)
    return known
  }

  return {
    contestedOf(channel) {
      const fields = knownOf(channel)?.fields ?? new Map<HealKey, Heals>()
      return new Map(
        [...fields].flatMap(([key, { pauseMs, takenBy, atMs }]) =>
          pauseMs === null ? [] : [[key, { pauseMs, takenBy, lastHealMs: atMs.at(-1) ?? 0, hasWaited: pauseMs > firstPauseMs }]],
        ),
      )
    },
    healed(channel, outcomes) {
      for (const { kind, action } of outcomes) {
        const keys = healedBy(action, channel)
        if (kind !== 'done' || keys.length === 0) continue
        const { fields } = remember(channel)
        for (const key of keys) fields.set(key, healedAgain(fields.get(key) ?? null, action, nowMs()))
      }
    },
  }
}

/** Returns the healed keys of an action: created objects, fields that were set back, and the finalizer. */
function healedBy(action: Action, { kind, metadata }: RealtimeChannel): readonly HealKey[] {
  if (action.kind === 'add-finalizer') return [healKey(childKey(kind, metadata.name), finalizerField)]
  if (action.kind !== 'apply-object') return []
  return (action.lost ?? []).map((field) => healKey(childKey(action.object.kind, action.object.metadata.name), field))
}

function healedAgain(before: Heals | null, action: Action, nowMs: number): Heals {
  const takenBy = action.kind === 'apply-object' ? (action.takenBy ?? []) : []
  const atMs = [...(before?.atMs ?? []), nowMs].filter((each) => each > nowMs - windowMs).slice(-maxHeals)
  const named = takenBy.length > 0 ? takenBy : (before?.takenBy ?? [])
  if (before?.pauseMs !== null && before?.pauseMs !== undefined)
    return { atMs, takenBy: named, pauseMs: Math.min(maxPauseMs, before.pauseMs * 2) }
  return { atMs, takenBy: named, pauseMs: atMs.length === maxHeals ? firstPauseMs : null }
}

function forgetOld(fields: Map<HealKey, Heals>, nowMs: number): void {
  for (const [key, { atMs, pauseMs }] of fields) {
    const sinceMs = nowMs - (atMs.at(-1) ?? 0)
    // A clock that was put back must not prolong a pause.
    if (sinceMs < 0 || sinceMs > (pauseMs === null ? windowMs : pauseMs + rememberedMs)) fields.delete(key)
  }
}

function fingerprintOf({ metadata }: RealtimeChannel): string {
  return JSON.stringify([metadata.uid, metadata.generation, metadata.annotations])
}
