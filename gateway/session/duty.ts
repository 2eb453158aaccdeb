/** The state of one session's timed duties, which the channel's upkeep keeps. */
export interface Duty {
  /** Time of the next ping, in milliseconds of a monotonic clock. */
  pingAtMs: number
  /** Time of the ping that is not answered yet; null: none. */
  pingedAtMs: number | null
  /** True: the client has the notice that its token is about to expire. */
  isNoticed: boolean
  /** The tick at which the session is served next. */
  dueTick: number
}
