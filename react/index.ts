'use client'
/**
 * Carillon for React: one connection for each provider, and hooks for its events and its state. README.md has its use.
 */
import { createCarillon } from './create-carillon.ts'
import type { Carillon } from './types.ts'

export { createCarillon } from './create-carillon.ts'

const untyped = createCarillon()

/** Provider for events of any type; `createCarillon<Events>()` gives one that knows the types of a channel's events. */
export const CarillonProvider: Carillon<object>['CarillonProvider'] = untyped.CarillonProvider
/** Returns the state of the connection of `CarillonProvider`. */
export const useConnection: Carillon<object>['useConnection'] = untyped.useConnection
/** Calls a handler with each event of some types; `createCarillon<Events>()` gives a hook that knows their data. */
export const useEvents: Carillon<object>['useEvents'] = untyped.useEvents
/** Calls a handler when events are lost. */
export const useGap: Carillon<object>['useGap'] = untyped.useGap

export type {
  Carillon,
  CarillonOptions,
  CarillonProviderProps,
  ChannelOptions,
  ChannelState,
  Connect,
  ConnectionView,
  Send,
} from './types.ts'
