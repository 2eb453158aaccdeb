import type { Audience } from '../audience/audience.ts'

/** An event that is to be emitted: judged, and ready to become a record. */
export interface CloudEvent {
  readonly id: string
  readonly source: string
  /** All other attributes and extensions, `type` among them, without `specversion`, `datacontenttype`, `audience` and `cursor`; null ones are gone. */
  readonly attributes: Readonly<Record<string, string>>
  readonly datacontenttype: string | null
  /** null: no data. */
  readonly data: Buffer | null
}

/** An event together with those whom it is for. */
export interface IncomingEvent {
  readonly id: string
  readonly source: string
  readonly event: CloudEvent
  readonly audience: Audience
}

/** What is wrong with one event. */
export interface EventProblem {
  /** The attribute or member; null when it is the event as a whole. */
  readonly attribute: string | null
  /** What was expected; never the value. */
  readonly detail: string
}

export interface EventLimits {
  /** Largest data, in bytes; the attributes may have as much again. */
  readonly maxEventBytes: number
  readonly maxAudienceNames: number
}
