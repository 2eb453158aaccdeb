import type { DataSchema } from './data-schema.ts'

/** One rule of `spec.upstream.accept` and UPSTREAM_ACCEPT: which events the gateway takes from browsers, and from which users. */
export interface AcceptRule {
  /** The type of an event, or the beginning of it. */
  readonly match: { readonly kind: 'exact' | 'prefix'; readonly text: string }
  /** Largest data, in bytes as the record holds them. */
  readonly maxBytes: number
  /** Events of this rule that a user may send per second. */
  readonly ratePerUser: number
  /** Events of this rule that a user may send at once. */
  readonly burst: number
  /** Roles of which the user needs one; null: every user of the channel may send. */
  readonly roles: readonly string[] | null
  /** JSON Schema of the data; null: any data. */
  readonly schema: DataSchema | null
  /** Who gets the event on the channel as well. */
  readonly deliverTo: DeliverTo
}

export const deliverTargets = ['none', 'self', 'organization'] as const
export type DeliverTo = (typeof deliverTargets)[number]

/** What holds for a rule that does not say otherwise. */
export const ruleDefaults = { maxBytes: 4_096, ratePerUser: 5, burst: 10, deliverTo: 'none' } as const satisfies Partial<AcceptRule>

/** Bounds of the rules of a channel. */
export const ruleBounds = {
  rules: 64,
  /** Bytes of all rules as JSON. Linux starts no process with a variable of 128 KiB or more. */
  bytes: 65_536,
  /** Characters of a type or of its beginning. */
  typeLength: 1_024,
  maxBytes: 65_536,
  ratePerUser: 10_000,
  burst: 10_000,
  roles: 64,
  roleLength: 512,
} as const
