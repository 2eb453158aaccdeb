import { verdictOf, type HealthVerdict } from '../../program/health.ts'
import type { Clock } from '../../program/clock.ts'
import type { Controller } from '../runtime/controller.ts'
import type { Watcher } from '../runtime/watcher.ts'

/** What probes are told. Computed when they ask. */
export interface Health {
  /**
   * Does the operator know the world? Once all watches have synced, or their namespaces are out of reach: those must not hold up the others. One that stands by is ready as well as one that leads: it could begin at
   * once, and were it not ready, no roll-out of two replicas would ever complete.
   */
  ready(): HealthVerdict
  /**
   * Would only a restart help? When a watch is dead, or the controller is stuck. A blocked event loop needs no entry here: then nobody answers.
   */
  live(): HealthVerdict
  /** Every watch, for people. */
  conditions(): readonly WatchCondition[]
}

export interface WatchCondition {
  readonly watch: string
  readonly hasSynced: boolean
  /** Null: nothing was heard yet. */
  readonly heardSecondsAgo: number | null
  readonly isTypeMissing: boolean
  readonly isOutOfReach: boolean
}

export interface HealthParts {
  readonly watchers: readonly Pick<Watcher, 'target' | 'state'>[]
  readonly controller: Pick<Controller, 'stuck'>
  /**
   * A watch that has heard nothing for so long is dead: a server without news sends bookmarks about every minute, and ends watches every few minutes,
   * so whoever hears nothing hangs, whatever its code says. Milliseconds.
   */
  readonly staleAfterMs: number
  /** The one that the watchers have. */
  readonly clock: Pick<Clock, 'now'>
}

/** To be made when the watches start: the time before the first word of a server counts from here. */
export function createHealth({ watchers, controller, staleAfterMs, clock }: HealthParts): Health {
  const madeAtMs = clock.now()

  function deadWatches(): readonly string[] {
    return watchers.flatMap(({ target, state }) => {
      const { lastHeardAtMs, isTypeMissing } = state()
      const silentMs = clock.now() - (lastHeardAtMs ?? madeAtMs)
      // A type that the server does not have is only asked for now and then.
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
