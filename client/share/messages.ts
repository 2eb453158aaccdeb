import type { Filter } from '../filters.ts'
import type { Refusal } from '../send/outbox.ts'
import type { CloudEvent, ConnectionState } from '../types.ts'

/** What the connection of the leader brought, in its order. Each has the cursor after it. */
export type Item = { readonly cursor: string | null } & (
  | { readonly kind: 'event'; readonly event: CloudEvent }
  /** Events are lost for all tabs, and no event of the gateway says so: it refused the cursor. */
  | { readonly kind: 'gap'; readonly reason: string }
  /** The connection brings from now on what one of these filters lets through, each as JSON. */
  | { readonly kind: 'filters'; readonly filters: readonly string[] }
)

/** Place in the items of a group: after the item number `seq` of a leader. */
export interface Position {
  /** Name of one tab's time as leader. */
  readonly term: string
  readonly seq: number
}

/** Messages between tabs. Other origins neither see nor send them; another script of this origin may send anything. */
export type Message = { readonly v: 1 } &
  /** A tab wants what comes after its position or, if that is null, after its cursor; if both are null, what comes from now on. */
  (
    | {
        readonly kind: 'hello'
        readonly tab: string
        readonly position: Position | null
        readonly cursor: string | null
        readonly filters: readonly Filter[]
        /** True: only the filters are new. */
        readonly isChange: boolean
      }
    /** `missed` are the items between the tab's place and `position`. `isNew`: the tab had no place when it asked. */
    | {
        readonly kind: 'welcome'
        readonly to: string
        readonly isNew: boolean
        readonly position: Position
        readonly missed: readonly Item[]
        readonly cursor: string | null
        readonly filters: readonly string[]
        readonly state: ConnectionState
      }
    /** The leader does not know the tab's place, or the gateway refused the tab's filters, so the tab goes on by itself or keeps those before. */
    | { readonly kind: 'stranger'; readonly to: string; readonly term: string; readonly refusal: Refusal | null }
    /** A new leader continues after `base`, which has this cursor. */
    | { readonly kind: 'lead'; readonly term: string; readonly base: Position | null; readonly cursor: string | null }
    | { readonly kind: 'item'; readonly position: Position; readonly item: Item }
    | { readonly kind: 'state'; readonly term: string; readonly state: ConnectionState }
    | { readonly kind: 'ping' }
    | { readonly kind: 'beat'; readonly position: Position }
    /** A tab follows the new leader. */
    | { readonly kind: 'here'; readonly tab: string; readonly filters: readonly Filter[] }
    | { readonly kind: 'bye'; readonly tab: string }
    /** A tab asks the leader to do something. @param text JSON of the event to send */
    | {
        readonly kind: 'ask'
        readonly tab: string
        readonly id: string
        readonly what: 'send' | 'renew' | 'reconnect'
        readonly text: string
      }
    | { readonly kind: 'answer'; readonly to: string; readonly id: string; readonly refusal: Refusal | null }
  )

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isBoolean: Check = (value) => typeof value === 'boolean'
const isTextOrNull: Check = (value) => value === null || typeof value === 'string'
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const isPosition: Check = (value) => isObject(value) && isText(value['term']) && Number.isSafeInteger(value['seq'])
const isPositionOrNull: Check = (value) => value === null || isPosition(value)
const isItem: Check = (value) => {
  if (!isObject(value) || !isTextOrNull(value['cursor'])) return false
  const { kind, event } = value
  if (kind === 'event') return isObject(event) && ['id', 'source', 'type'].every((name) => isText(event[name]))
  return kind === 'gap' ? isText(value['reason']) : kind === 'filters' && isListOf(isText)(value['filters'])
}
const isState: Check = (value) => {
  if (!isObject(value)) return false
  const { kind, transport } = value
  if (kind === 'connecting' || kind === 'open') return transport === 'websocket' || transport === 'sse'
  return (kind === 'waiting' || kind === 'closed') && typeof value['code'] === 'number' && isText(value['reason'])
}
const isFilter: Check = (value) => {
  if (!isObject(value)) return false
  const [[dialect, inner] = [], ...others] = Object.entries(value)
  if (others.length > 0) return false
  if (dialect === 'all' || dialect === 'any') return isListOf(isFilter)(inner)
  if (dialect === 'not') return isFilter(inner)
  return ['exact', 'prefix', 'suffix'].includes(String(dialect)) && isObject(inner) && Object.values(inner).every(isText)
}
const isFilters = isListOf(isFilter)
const isRefusalOrNull: Check = (value) =>
  value === null ||
  (isObject(value) && isText(value['type']) && isText(value['detail']) && ['undefined', 'number'].includes(typeof value['retryAfterMs']))

const members: Readonly<Record<Message['kind'], Readonly<Record<string, Check>>>> = {
  hello: {
    tab: isText,
    position: isPositionOrNull,
    cursor: isTextOrNull,
    filters: isFilters,
    isChange: isBoolean,
  },
  welcome: {
    to: isText,
    isNew: isBoolean,
    position: isPosition,
    missed: isListOf(isItem),
    cursor: isTextOrNull,
    filters: isListOf(isText),
    state: isState,
  },
  stranger: { to: isText, term: isText, refusal: isRefusalOrNull },
  lead: { term: isText, base: isPositionOrNull, cursor: isTextOrNull },
  item: { position: isPosition, item: isItem },
  state: { term: isText, state: isState },
  ping: {},
  beat: { position: isPosition },
  here: { tab: isText, filters: isFilters },
  bye: { tab: isText },
  ask: { tab: isText, id: isText, what: (value) => ['send', 'renew', 'reconnect'].includes(String(value)), text: isText },
  answer: { to: isText, id: isText, refusal: isRefusalOrNull },
}

/** Returns true if a message of another tab has the members of its kind. @throws RangeError for filters that contain themselves */
export function isMessage(value: unknown): value is Message {
  if (!isObject(value) || value['v'] !== 1 || !Object.hasOwn(members, String(value['kind']))) return false
  return Object.entries(members[value['kind'] as Message['kind']]).every(([name, check]) => check(value[name])) // its own name
}
