import type { Admin, Kafka } from 'kafkajs'
import { within } from '../patience.ts'

/** Asks where a group stands in a topic, over one connection, which is made again after a failure. */
export interface GroupOffsets {
  /** By partition; partitions without a committed offset are left out. @throws kafkajs's error */
  committed(): Promise<ReadonlyMap<number, number>>
  end(): Promise<void>
}

const closeTimeoutMs = 3_000

export function createGroupOffsets({ kafka, groupId, topic }: { readonly kafka: Kafka; readonly groupId: string; readonly topic: string }): GroupOffsets {
  let connected: Promise<Admin> | null = null
  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin()
    await admin.connect()
    return admin
  }
  const drop = async (dropped: Promise<Admin> | null): Promise<void> => {
    if (connected === dropped) connected = null
    await dropped?.then((admin) => within(admin.disconnect(), closeTimeoutMs, 'disconnecting')).catch(() => undefined) // it never connected, or is broken
  }
  return {
    async committed() {
      connected ??= connect()
      const used = connected
      try {
        const [found] = await (await used).fetchOffsets({ groupId, topics: [topic] })
        return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)] as const).filter(([, offset]) => offset >= 0))
      } catch (cause) {
        void drop(used)
        throw cause
      }
    },
    end: () => drop(connected),
  }
}
