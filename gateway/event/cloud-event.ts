import type { Audience } from '../audience/audience.ts'
import type { AttributeValue } from './attributes.ts'

/** An event to emit: checked, and ready to become a record. */
export interface CloudEvent {
  readonly id: string
  readonly source: string
  /** All other attributes and extensions with a value, `type` among them, without `specversion`, `datacontenttype` and `audience`. */
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly datacontenttype: string | null
  /** null: no data. An empty buffer: data of 0 bytes. */
  readonly data: Buffer | null
  /** True: the data are bytes although `datacontenttype`, or its absence, means JSON. They are delivered as `data_base64`. */
  readonly isBinary: boolean
  readonly audience: Audience
}

/** One problem of one event. */
export interface EventProblem {
  /** The attribute or member; null: the event as a whole. */
  readonly attribute: string | null
  /** A sentence about the expected value; never the value itself. */
  readonly detail: string
}

export interface EventLimits {
  /** Largest data, in bytes. The attributes have a limit of their own. */
  readonly maxEventBytes: number
  readonly maxAudienceNames: number
}
