import type { Broker, Cluster, ProtocolRequest } from '../../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'

/** Connections whose behaviour a test decides. */
export interface ScriptedCluster {
  readonly cluster: Cluster
  isConnected: boolean
}

export interface Script {
  readonly connect?: () => Promise<void>
  /** Resolves with `{ value }`: the decoded response. */
  readonly send?: (message: ProtocolRequest) => Promise<unknown>
  /** Versions that the broker speaks. @default every version of everything */
  readonly versions?: Broker['versions']
}

export function createScriptedCluster({
  connect = async () => {},
  send = async () => ({ value: [] }),
  versions = everyVersion(),
}: Script = {}): ScriptedCluster {
  const scripted = { isConnected: false }
  const broker: Broker = { versions, connectionPool: { host: 'a', port: 1, pool: [], send } }
  const unused = (): never => {
    throw new Error('the operator sends no request of this kind')
  }
  const cluster: Cluster = {
    connectionPoolBuilder: { build: unused },
    brokerPool: { findConnectedBroker: async () => broker },
    async connect() {
      await connect()
      scripted.isConnected = true
    },
    async disconnect() {
      scripted.isConnected = false
    },
  }
  return Object.assign(scripted, { cluster })
}

export function everyVersion(): Broker['versions'] {
  return Object.fromEntries(Array.from({ length: 60 }, (_, key) => [key, { minVersion: 0, maxVersion: 13 }]))
}
