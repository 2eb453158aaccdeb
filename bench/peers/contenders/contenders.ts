import { bun } from './bun.ts'
import { bare, socketio, ws } from './by-hand.ts'
import { carillon, carillonWithoutDeadLetters, carillonWithTickets } from './carillon.ts'
import { centrifugo, centrifugoRecovery } from './centrifugo.ts'
import type { Contender } from './contender.ts'
import { nats } from './nats.ts'
import { nchan, nchanEventSource } from './nchan.ts'

/** Contenders, with Carillon first and the floor last. */
export const contenders: readonly Contender[] = [
  carillon,
  centrifugo,
  centrifugoRecovery,
  bun,
  nchan,
  nchanEventSource,
  nats,
  socketio,
  ws,
  bare,
]

/** Contenders that one measure adds by itself. */
export const inOneMeasure: readonly Contender[] = [carillonWithoutDeadLetters, carillonWithTickets]
