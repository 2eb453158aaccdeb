import type { Dialect } from '../dialects/dialect.ts'
import { dialects, type DialectName } from '../dialects/dialects.ts'
import { httpWire } from './http-wire.ts'
import { PublishConnections } from './publish-connections.ts'

/** Server that takes events from publishers: over HTTP, unless its dialect has another wire. */
export interface PublishTarget {
  readonly dialect: DialectName
  readonly port: number
  /** Credential for publishing. */
  readonly key: string
}

/** Publisher of one server. */
export interface Speaker {
  readonly dialect: Dialect
  readonly key: string
  readonly publisher: PublishConnections
}

export function createSpeaker({ dialect: name, port, key }: PublishTarget, connections: number): Speaker {
  const dialect: Dialect = dialects[name]
  return { dialect, key, publisher: new PublishConnections({ port, connections, wire: dialect.publishWire ?? httpWire, key }) }
}
