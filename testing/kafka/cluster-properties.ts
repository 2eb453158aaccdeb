/** Ports of one node that is broker and controller. */
export interface NodePorts {
  /** Traffic among brokers, and of the test's own tools. */
  readonly internal: number
  readonly controller: number
  /** Listener behind KAFKA_BROKERS. */
  readonly client: number
  /** Port that the broker advertises to gateways: a proxy in front of `client`. */
  readonly advertised: number
}

/** Returns the server.properties of one node of a cluster, which is broker and controller. */
export function nodeProperties(id: number, nodes: ReadonlyMap<number, NodePorts>, dataDirectory: string): string {
  const ports = nodes.get(id)
  if (ports === undefined) throw new Error(`the cluster has no node ${id}`)
  const copies = Math.min(3, nodes.size)
  return [
    'process.roles=broker,controller',
    `node.id=${id}`,
    `controller.quorum.voters=${[...nodes].map(([node, { controller }]) => `${node}@127.0.0.1:${controller}`).join(',')}`,
    `listeners=INTERNAL://127.0.0.1:${ports.internal},CLIENT://127.0.0.1:${ports.client},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=INTERNAL://127.0.0.1:${ports.internal},CLIENT://127.0.0.1:${ports.advertised}`,
    'listener.security.protocol.map=INTERNAL:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=INTERNAL',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${dataDirectory}`,
    `default.replication.factor=${copies}`,
    `min.insync.replicas=${Math.min(2, copies)}`,
    `offsets.topic.replication.factor=${copies}`,
    'offsets.topic.num.partitions=6',
    `transaction.state.log.replication.factor=${copies}`,
    `transaction.state.log.min.isr=${Math.min(2, copies)}`,
    'transaction.state.log.num.partitions=6',
    'group.initial.rebalance.delay.ms=0',
    // A leader returns soon after its broker came back, so each case begins with the same leaders.
    'leader.imbalance.check.interval.seconds=2',
    'leader.imbalance.per.broker.percentage=0',
    // Three brokers share two cores with the gateways.
    'num.network.threads=2',
    'num.io.threads=2',
    'background.threads=2',
    'num.recovery.threads.per.data.dir=1',
    'log.cleaner.dedupe.buffer.size=8388608',
    '',
  ].join('\n')
}

/** Lines of the server.properties of a single node. */
export const loneNode = [
  'process.roles=broker,controller',
  'node.id=1',
  'controller.listener.names=CONTROLLER',
  'inter.broker.listener.name=PLAINTEXT',
  'group.initial.rebalance.delay.ms=0',
  'offsets.topic.replication.factor=1',
  'transaction.state.log.replication.factor=1',
  'transaction.state.log.min.isr=1',
] as const

/** Settings for a small and quick start: heap for a test's traffic, the first compiler alone, one thread for garbage collection. */
export const smallJvm = { KAFKA_HEAP_OPTS: '-Xms96m -Xmx320m', KAFKA_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' }
