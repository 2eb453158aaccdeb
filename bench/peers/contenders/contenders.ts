import { bare, socketio, ws } from './by-hand.ts'
import { carillon, carillonWithoutDeadLetters } from './carillon.ts'
import { centrifugo, centrifugoRecovery } from './centrifugo.ts'
import type { Contender } from './contender.ts'

/** Contenders, with Carillon first and the floor last. */
export const contenders: readonly Contender[] = [carillon, centrifugo, centrifugoRecovery, socketio, ws, bare]

/** Contenders that one measure adds by itself. */
export const inOneMeasure: readonly Contender[] = [carillonWithoutDeadLetters]
