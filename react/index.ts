/**
 * Carillon for React: one connection for each provider, and hooks for its events and its state. README.md has its use.
 */
import { createCarillon } from './create-carillon.ts'

export { createCarillon } from './create-carillon.ts'

/** Provider and hooks for events of any type. `createCarillon<Events>()` gives those that know the types of a channel's events. */
export const { CarillonProvider, useConnection, useEvents, useGap } = createCarillon()

export type { Carillon, CarillonProviderProps, ChannelOptions, ChannelState, ConnectionView } from './types.ts'
