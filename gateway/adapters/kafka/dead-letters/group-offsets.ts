import { errorOfCode } from '../kafka-error.ts'
import { brokerName } from '../wire/broker-address.ts'
import type { BrokerLink, ConnectBroker } from '../wire/broker-link.ts'
import type { Discovery } from '../wire/discovery.ts'
import { findCoordinatorRequest } from '../wire/requests/find-coordinator.ts'
import { offsetFetchRequest, type FetchedOffset } from '../wire/requests/offset-fetch.ts'

/** -1: no commit. 'open': an open transaction has an offset of this partition, so the result is not known. */
export type GroupOffset = number | 'open'

/** Finds a group's offsets of a topic. */
export interface GroupOffsets {
  /**
   * Returns the offsets by partition, for a beginning: they may be out of date. Partitions without a committed offset are left out.
   * @throws BrokerError
   */
  committed(partitions: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, GroupOffset>>
  /**
   * Connects to the broker that keeps the group, as one of the brokers believes.
   * @throws BrokerError
   */
  connect(signal: AbortSignal): Promise<Coordinator>
}

/** One connection to a broker that keeps the group, or did a moment ago. */
export interface Coordinator {
  /**
   * Returns the group's offset as this broker knows it.
   * @throws BrokerError
   */
  look(partition: number): Promise<GroupOffset>
  /** Closes at once. Idempotent. */
  close(): void
}

export interface GroupOffsetsParts {
  readonly discovery: Discovery
  readonly connect: ConnectBroker
  readonly groupId: string
  readonly topic: string
}

const unstableOffset = 88
const answerTimeoutMs = 8_000

export function createGroupOffsets({ discovery, connect, groupId, topic }: GroupOffsetsParts): GroupOffsets {
  let turns = 0

  /** Any broker knows where the group is. Each call asks another one. */
  async function connectCoordinator(signal: AbortSignal): Promise<BrokerLink> {
    const brokers = [...(await discovery.describe(topic)).brokers.values()]
    const asked = brokers[turns++ % brokers.length]
    if (asked === undefined) throw errorOfCode(8, 'list its brokers')
    const link = await connect(asked, { signal })
    try {
      const address = await link.ask(findCoordinatorRequest(link, groupId), { timeoutMs: answerTimeoutMs })
      if (brokerName(address) === brokerName(asked)) return link
      link.close()
      return await connect(address, { signal })
    } catch (cause) {
      link.close()
      throw cause
    }
  }

  async function fetchFrom(link: BrokerLink, partitions: readonly number[]): Promise<ReadonlyMap<number, GroupOffset>> {
    const found = await link.ask(offsetFetchRequest(link, { groupId, topic, partitions }), { timeoutMs: answerTimeoutMs })
    return new Map(found.map((one) => [one.partition, offsetOf(one)]))
  }

  function offsetOf({ partition, errorCode, offset }: FetchedOffset): GroupOffset {
    if (errorCode === unstableOffset) return 'open'
    if (errorCode !== 0) throw errorOfCode(errorCode, `report the offset of the group ${groupId} in partition ${partition}`)
    return offset
  }

  return {
    async committed(partitions, signal) {
      const link = await connectCoordinator(signal)
      try {
        return new Map([...(await fetchFrom(link, partitions))].filter(([, offset]) => offset !== -1))
      } finally {
        link.close()
      }
    },
    async connect(signal) {
      const link = await connectCoordinator(signal)
      return {
        look: async (partition) => (await fetchFrom(link, [partition])).get(partition) ?? -1,
        close: () => link.close(),
      }
    },
  }
}
