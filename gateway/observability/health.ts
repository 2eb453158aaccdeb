import { verdictOf, type HealthVerdict } from '../../program/health.ts'

/**
 * The conditions that a gateway waits for before it serves, and the failure that only a restart repairs. The internal port serves the verdicts as
 * `/readyz` and `/livez`.
 *
 * Writing to the topic is not a condition: a topic that refuses writes would then also end delivery, on all pods. Emit requests are answered 503.
 */
export interface Health {
  /** @param waitingFor reason for people, never a secret; null when the condition is met */
  set(condition: HealthCondition, waitingFor: string | null): void
  /** Records a failure that only a restart repairs. The first reason stays. */
  fail(reason: string): void
  /** Records what does not work at the moment although the pod serves. @param degradations replace the previous ones */
  degrade(degradations: readonly Degradation[]): void
  /** Returns whether traffic may come here. Never ok after `fail`. */
  ready(): HealthVerdict
  /**
   * Returns whether a restart is of no use. A pod that is not ready is still live: a restart does not bring a broker back. A blocked event loop needs
   * no entry here, because then the probe gets no answer.
   */
  live(): HealthVerdict
  /** Returns every condition, in the order of the table. */
  conditions(): readonly ConditionState[]
  /** Returns the last argument of `degrade`, which does not make the pod unready. */
  degraded(): readonly Degradation[]
}

export interface Degradation {
  /** null: all partitions. */
  readonly partition: number | null
  readonly kind: string
  /** A text for people, never a secret. */
  readonly detail: string
}

export interface ConditionState {
  readonly name: HealthCondition
  readonly ready: boolean
  readonly waitingFor: string | null
}

/** Text of each condition when a gateway starts; null: the condition is met until `set` changes it. */
export const healthConditions = {
  /** The public port takes connections. */
  listening: 'the public port is not open yet',
  /** The topic was found, and the place to start reading is known. */
  'log-opened': 'the log has not been opened yet',
  /** The replay log holds its window: clients can resume here. */
  'warmed-up': 'the replay log is still being filled',
  /** Some partition is read, or was within KAFKA_UNREADY_AFTER_MS. Not met until the first read. */
  'log-reading': 'the log is not being read yet',
  /** All revocations of the control topic were read, and no trouble has lasted for REVOCATION_UNREADY_AFTER_MS since. */
  revocations: 'the revocations have not been read yet',
  /** There are keys to verify tokens with. */
  keys: 'the keys that verify tokens have not been loaded yet',
  /** The gateway is not stopping. */
  'not-draining': null,
} as const satisfies Record<string, string | null>

export type HealthCondition = keyof typeof healthConditions

export interface HealthOptions {
  /** Called when the verdict of `ready` changes, never twice with the same `ok`. */
  readonly onReadyChanged?: (verdict: HealthVerdict) => void
}

/** Starts unready: every condition with a text in the table waits for its `set`. */
export function createHealth({ onReadyChanged }: HealthOptions = {}): Health {
  const states = new Map<string, string | null>(Object.entries(healthConditions))
  let failure: string | null = null
  let degradations: readonly Degradation[] = []

  const live = (): HealthVerdict => verdictOf(failure === null ? [] : [failure])
  const decide = (): HealthVerdict => {
    const waiting = [...states].flatMap(([name, waitingFor]) => (waitingFor === null ? [] : [`${name}: ${waitingFor}`]))
    return verdictOf([...live().waitingFor, ...waiting])
  }
  // Kept, because each handshake asks for it, twice.
  let verdict = decide()
  const changed = (): void => {
    const wasReady = verdict.ok
    verdict = decide()
    if (verdict.ok !== wasReady) onReadyChanged?.(verdict)
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
    ready: () => verdict,
    live,
    // The keys of `states` are those of the table: it starts with them, and `set` accepts no others.
    conditions: () => [...states].map(([name, waitingFor]) => ({ name: name as HealthCondition, ready: waitingFor === null, waitingFor })),
  }
}
