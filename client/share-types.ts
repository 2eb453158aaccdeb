import type { Filter } from './filters.ts'
import type { SendingOptions } from './send-types.ts'

/** Options of `connect()` of `@carillon/client/share`. */
export interface SharingOptions<Events extends object = object> extends SendingOptions<Events> {
  /** True: the tabs of this origin, channel and user have one connection. @default false */
  readonly share?: boolean
  /**
   * Any name of the signed-in user and of what the user may see, such as the ids of user and organization. Tabs with the same name get the same
   * events. Needed where a cookie identifies the user. Without it, the claims of `token` are the name, except those that change with each token:
   * `exp`, `iat`, `nbf` and `jti`.
   */
  readonly user?: string
  /** Filters of this tab. With CloudEvents SQL among them, the tab has a connection of its own. @default [] */
  readonly filters?: readonly Filter[]
}
