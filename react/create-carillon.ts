import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useInsertionEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type RefObject,
} from 'react'
import { withFilters } from '../client/filters.ts'
import { connect, type EventOf, type EventType } from '../client/index.ts'
import { ChannelStore, idle } from './channel-store.ts'
import type { Carillon, CarillonOptions } from './types.ts'

/**
 * Creates a provider and hooks that know their events: `createCarillon<{ 'order.shipped': Order }>()`. Call it once for each channel of a
 * page, in a module. Hooks find the nearest provider that was created with them, so the providers of several channels may be one
 * inside the other.
 */
export function createCarillon<Events extends object = object, Sends extends object = object>(
  options: CarillonOptions<Events> = {},
): Carillon<Events, Sends> {
  const Context = createContext<ChannelStore<Events, Sends> | null>(null)
  Context.displayName = 'Carillon'

  const useStore = (hook: string): ChannelStore<Events, Sends> => {
    const store = useContext(Context)
    if (store === null)
      throw new Error(
        `${hook}: there is no CarillonProvider above this component. Wrap it in the CarillonProvider that was created or imported together with ${hook}.`,
      )
    return store
  }

  return {
    CarillonProvider: (props) => {
      const { url, channel, base, eventsUrl, transport = 'auto', token, user, enabled = true, children } = props
      const [store] = useState(() => new ChannelStore<Events, Sends>(options.connect ?? connect))
      const latest = useLatest(props)
      const endpoint = JSON.stringify([url, channel, base, eventsUrl])
      // The cursor holds for any filters, so that a change of them loses no event that both let through.
      const place = JSON.stringify([withoutFilters(url), channel, base, withoutFilters(eventsUrl)])
      const parts = [store, latest, endpoint, transport, token === undefined, user, enabled]
      // Layout effects end first: no event of the earlier connection reaches the next user's handlers.
      useClosingEffect(() => () => store.close(), parts)
      useEffect(() => {
        if (!enabled) return
        store.open(place, () => latest.current)
        return () => store.close()
      }, parts)
      return createElement(Context.Provider, { value: store }, children)
    },

    useConnection: () => {
      const store = useStore('useConnection')
      const state = useSyncExternalStore(store.watch, store.getState, () => idle)
      return useMemo(() => ({ state, reconnect: store.reconnect }), [store, state])
    },

    useEvents: <Type extends EventType<Events>>(types: Type | readonly Type[], handler: (event: EventOf<Events, Type>) => void) => {
      const store = useStore('useEvents')
      const latest = useLatest(handler)
      // An array that is written in the call is another one in each render.
      const wanted = JSON.stringify([types].flat())
      useEffect(() => {
        const list = JSON.parse(wanted) as readonly Type[] // the text of an array of these
        return store.listen(list, (event) => latest.current(event))
      }, [store, latest, wanted])
    },

    useSend: () => useStore('useSend').send,

    useGap: (handler) => {
      const store = useStore('useGap')
      const latest = useLatest(handler)
      useEffect(() => store.listenToGaps((gap) => latest.current(gap)), [store, latest])
    },
  }
}

const withoutFilters = (url: string | undefined): string | undefined => url && withFilters(url, [])

/** Layout effects run on no server, where React 18 warns of them. */
const useClosingEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect

/** Returns a reference to a value of the latest render that is on the page. Effects and handlers read it. */
function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value)
  // Before all effects that may read it, also those of components below.
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
