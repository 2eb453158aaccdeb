import { carillon } from './carillon.ts'
import { centrifugo } from './centrifugo.ts'
import type { Dialect } from './dialect.ts'
import { nats } from './nats.ts'
import { nchan, nchanEventSource } from './nchan.ts'
import { bare, plain } from './plain.ts'
import { socketio } from './socketio.ts'

export const dialects = { carillon, centrifugo, socketio, plain, bare, nats, nchan, nchanEventSource } as const satisfies Record<
  string,
  Dialect
>

export type DialectName = keyof typeof dialects
