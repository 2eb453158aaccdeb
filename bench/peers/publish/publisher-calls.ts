import type { DialectName } from '../dialects/dialects.ts'
import type { EmitReport, RatePlan } from './emit.ts'

/** Where and how to publish over HTTP. */
export interface PublishTarget {
  readonly dialect: DialectName
  readonly port: number
  /** What allows to publish. */
  readonly key: string
}

export interface TopicTarget {
  readonly dialect: DialectName
  readonly brokers: readonly string[]
  readonly topic: string
}

/** What the publisher (`publisher.ts`) is asked. Several servers may be spoken to, each by its name. */
export interface PublisherCalls extends Record<string, (parameter: never) => unknown> {
  target(parameter: PublishTarget & { readonly name: string }): void
  /** The server listens elsewhere now. */
  move(parameter: { readonly name: string; readonly port: number }): void
  atRate(parameter: RatePlan & { readonly name: string }): Promise<EmitReport>
  topic(parameter: TopicTarget & { readonly name: string }): Promise<void>
  produceAtRate(parameter: RatePlan & { readonly name: string }): Promise<EmitReport>
}
