import type { Audience } from '../audience/audience.ts'
import type { AttributeValue } from './attributes.ts'

/** An event to emit: checked, and ready to become a record. */
export interface CloudEvent {
  readonly id: string
  readonly source: string
  /** All other attributes and extensions, `type` among them, without `specversion`, `datacontenttype` and `audience`; null ones are gone. */
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly datacontenttype: string | null
  /** null: no data. An empty buffer: data of 0 bytes. */
  readonly data: Buffer | null
  /** Whether the data are bytes although `datacontenttype`, or its absence, says JSON. They are delivered as `data_base64`. */
  readonly isBinary: boolean
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
