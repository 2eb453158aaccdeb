import { bare, socketio, ws } from './by-hand.ts'
import { carillon, carillonWithoutDeadLetters } from './carillon.ts'
import { centrifugo, centrifugoRecovery } from './centrifugo.ts'
import type { Contender } from './contender.ts'

/** Ours first, the floor last. */
export const contenders: readonly Contender[] = [carillon, centrifugo, centrifugoRecovery, socketio, ws, bare]

/** Those that one measure adds by itself, whatever contenders were chosen. */
export const inOneMeasure: readonly Contender[] = [carillonWithoutDeadLetters]
