import { verdictOf, type HealthVerdict } from '../../program/health.ts'
import type { Clock } from '../../program/clock.ts'
import type { Controller } from '../runtime/controller.ts'
import type { Watcher } from '../runtime/watcher.ts'

/** Answers to probes, computed at each probe. */
export interface Health {
  /**
   * Returns whether all watches have synced. A watch of a namespace that is out of reach counts as synced: it must not delay the others.
   *
   * An operator that stands by is ready, too: it can start at once. If it were not, a roll-out of two replicas would never complete.
   */
  ready(): HealthVerdict
  /**
   * Returns whether a restart is of no use. It is of use when a watch is dead, or the controller is stuck. A blocked event loop needs no entry here:
   * then the probe gets no answer.
   */
  live(): HealthVerdict
  /** Returns the state of every watch, for people. */
  conditions(): readonly WatchCondition[]
}

export interface WatchCondition {
  readonly watch: string
  readonly hasSynced: boolean
  /** Null before the first sign of the server. */
  readonly heardSecondsAgo: number | null
  readonly isTypeMissing: boolean
  readonly isOutOfReach: boolean
}

export interface HealthParts {
  readonly watchers: readonly Pick<Watcher, 'target' | 'state'>[]
  readonly controller: Pick<Controller, 'stuck'>
  /**
   * Time after which a silent watch is dead. Milliseconds. A server without news sends a bookmark about every minute, and ends watches every few
   * minutes. So a silent watch hangs.
   */
  readonly staleAfterMs: number
  /** Clock of the watchers. */
  readonly clock: Pick<Clock, 'now'>
}

/** Call it when the watches start: the time until the first sign of a server counts from here. */
export function createHealth({ watchers, controller, staleAfterMs, clock }: HealthParts): Health {
  const madeAtMs = clock.now()

  function deadWatches(): readonly string[] {
    return watchers.flatMap(({ target, state }) => {
      const { lastHeardAtMs, isTypeMissing } = state()
      const silentMs = clock.now() - (lastHeardAtMs ?? madeAtMs)
      // A type that the server does not have is requested only now and then.
      return isTypeMissing || silentMs <= staleAfterMs
        ? []
        : [`the watch of ${nameOf(target)} has heard nothing for ${seconds(silentMs)} s`]
    })
  }

  return {
    ready: () =>
      verdictOf(
        watchers.filter(({ state }) => !state().hasSynced).map(({ target }) => `the watch of ${nameOf(target)} has not synced yet`),
      ),
    live: () => {
      const stuck = controller.stuck()
      return verdictOf([...deadWatches(), ...(stuck === null ? [] : [stuck])])
    },
    conditions: () =>
      watchers.map(({ target, state }) => {
        const { hasSynced, lastHeardAtMs, isTypeMissing, isOutOfReach } = state()
        return {
          watch: nameOf(target),
          hasSynced,
          heardSecondsAgo: lastHeardAtMs === null ? null : seconds(clock.now() - lastHeardAtMs),
          isTypeMissing,
          isOutOfReach,
        }
      }),
  }
}

const nameOf = ({ type, namespace }: Watcher['target']): string =>
  namespace === undefined ? type.plural : `${type.plural} in ${namespace}`

const seconds = (ms: number): number => Math.round(ms / 1_000)
