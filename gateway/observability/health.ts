import { verdictOf, type HealthVerdict } from '../../program/health.ts'

/**
 * What a gateway waits for before it can serve, and whether only a restart helps. Whether the log takes events is none of it: were it,
 * a log that cannot be written to would end delivery, too, on all pods. Who emits is answered 503.
 * State and verdicts only: the internal port serves
 * them as `/readyz` and `/livez`.
 */
export interface Health {
  /** @param waitingFor what is missing, for people (never a secret); null when the condition is met */
  set(condition: HealthCondition, waitingFor: string | null): void
  /** Something broke that only a restart mends; the first reason stays, for good. */
  fail(reason: string): void
  /** What does not work just now though the pod serves. @param degradations replace those of before */
  degrade(degradations: readonly Degradation[]): void
  /** May traffic come here? No, too, after `fail`. */
  ready(): HealthVerdict
  /**
   * Is the process worth keeping? Not being ready never makes it a no: a restart does not bring a broker back. A blocked event loop
   * needs no entry here, because then nobody answers the probe.
   */
  live(): HealthVerdict
  /** Every condition, in the order of the table. */
  conditions(): readonly ConditionState[]
  /** What `degrade` was told last; it does not make the pod unready. */
  degraded(): readonly Degradation[]
}

export interface Degradation {
  /** null: all partitions. */
  readonly partition: number | null
  readonly kind: string
  /** For people; never a secret. */
  readonly detail: string
}

export interface ConditionState {
  readonly name: HealthCondition
  readonly ready: boolean
  readonly waitingFor: string | null
}

/** What each condition waits for when a gateway begins; null: it is met until somebody says otherwise. */
export const healthConditions = {
  /** The public port takes connections. */
  listening: 'the public port is not open yet',
  /** The log was found and a place to begin reading from is known. */
  'log-opened': 'the log has not been opened yet',
  /** The replay log holds its window: clients can resume here. */
  'warmed-up': 'the replay log is still being filled',
  /** Some partition is read, or was until a while ago (KAFKA_UNREADY_AFTER_MS). Unmet until the pod has read for the first time. */
  'log-reading': 'the log is not being read yet',
  /** There are keys to verify tokens with. */
  keys: 'the keys that verify tokens have not been loaded yet',
  /** The gateway is not stopping. */
  'not-draining': null,
} as const satisfies Record<string, string | null>

export type HealthCondition = keyof typeof healthConditions

export interface HealthOptions {
  /** Called when the verdict of `ready` turns, never twice with the same answer: worth a log line. */
  readonly onReadyChanged?: (verdict: HealthVerdict) => void
}

/** Begins unready: every condition with a text in the table waits for its `set`. */
export function createHealth({ onReadyChanged }: HealthOptions = {}): Health {
  const states = new Map<string, string | null>(Object.entries(healthConditions))
  let failure: string | null = null
  let wasReady = false
  let degradations: readonly Degradation[] = []

  const live = (): HealthVerdict => verdictOf(failure === null ? [] : [failure])
  const ready = (): HealthVerdict => {
    const waiting = [...states].flatMap(([name, waitingFor]) => (waitingFor === null ? [] : [`${name}: ${waitingFor}`]))
    return verdictOf([...live().waitingFor, ...waiting])
  }
  const changed = (): void => {
    const now = ready()
    if (now.ok === wasReady) return
    wasReady = now.ok
    onReadyChanged?.(now)
  }
  return {
    set: (condition, waitingFor) => {
      states.set(condition, waitingFor)
      changed()
    },
    fail: (reason) => {
      failure ??= `failed: ${reason}`
      changed()
    },
    degrade: (now) => {
      degradations = now
    },
    degraded: () => degradations,
    ready,
    live,
    // The keys of `states` are those of the table: it begins with them, and `set` takes no others.
    conditions: () => [...states].map(([name, waitingFor]) => ({ name: name as HealthCondition, ready: waitingFor === null, waitingFor })),
  }
}
