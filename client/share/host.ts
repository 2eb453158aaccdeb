import type { Filter } from '../filters.ts'
import type { Refusal, Transmit } from '../send/outbox.ts'
import type { ConnectionState } from '../types.ts'
import type { Item } from './messages.ts'
import type { Place } from './place.ts'

/** A connection to the gateway. */
export interface Link {
  sendFrame(id: string, text: string): Promise<void>
  renewToken(): Promise<void>
  setFilters(filters: readonly Filter[]): Promise<void>
  reconnect(): void
  close(): void
}

export interface LinkHandlers {
  item(item: Item): void
  changed(state: ConnectionState): void
}

/** The tab that a member is of. */
export interface Host {
  readonly filters: readonly Filter[]
  /** Connects to the gateway. */
  open(cursor: string | null, filters: readonly Filter[], handlers: LinkHandlers): Link
  /** An item for this tab, which may have had the event before. */
  deliver(item: Item, cursor: string | null): void
  changed(state: ConnectionState): void
  /** Events can be sent in this way from now on; those without an answer are sent again. Null: they cannot. */
  sendBy(transmit: Transmit | null): void
  answered(id: string, refusal: Refusal | undefined): void
  report(error: unknown): void
}

export interface Bounds {
  readonly maxItems: number
  readonly maxBytes: number
}

/** What a member is made of. */
export interface MemberParts {
  readonly host: Host
  readonly place: Place
  /** Name of the group, which its tabs have in common. */
  readonly name: string
  /** Cursor from which the tab continues; null: now. */
  readonly cursor: string | null
  readonly bounds: Bounds
}
