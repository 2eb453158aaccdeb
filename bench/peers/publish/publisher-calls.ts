import type { DialectName } from '../dialects/dialects.ts'
import type { EmitReport, RatePlan } from './emit.ts'

/** Where and how to publish. */
export interface PublishTarget {
  readonly dialect: DialectName
  readonly port: number
  /** What allows to publish. */
  readonly key: string
}

/** What the publisher (`publisher.ts`) is asked. */
export interface PublisherCalls extends Record<string, (parameter: never) => unknown> {
  /** Speaks to this server from now on. Several may be spoken to, each by its name. */
  target(parameter: PublishTarget & { readonly name: string }): void
  /** The server listens elsewhere now. */
  move(parameter: { readonly name: string; readonly port: number }): void
  atRate(parameter: RatePlan & { readonly name: string }): Promise<EmitReport>
}
