import { askOffsets } from '../consume/topic-offsets.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import type { Discovery } from '../wire/discovery.ts'
import { endOfLog, startOfLog } from '../wire/requests/list-offsets.ts'
import type { GroupOffsets } from './group-offsets.ts'

export interface StartingPoints {
  /**
   * Returns where work on these partitions begins. Partitions whose start no broker reports now are left out.
   * @throws when neither group nor brokers answer
   */
  find(partitions: readonly number[]): Promise<ReadonlyMap<number, number>>
  /**
   * Returns where work goes on when the log has no record at `position`.
   * @throws BrokerError
   */
  relocate(partition: number, position: number): Promise<Relocation>
}

export type Relocation =
  /** Retention has removed the next records. */
  | { readonly kind: 'on'; readonly offset: number }
  /** The log ends before it: the topic was recreated, or has lost records. */
  | { readonly kind: 'back'; readonly offset: number }
  | { readonly kind: 'none' }

export interface StartingPointsParts {
  readonly topic: string
  readonly discovery: Discovery
  readonly connect: ConnectBroker
  readonly offsets: GroupOffsets
  readonly signal: AbortSignal
  /** Time at which a group without a commit begins. */
  readonly sinceMs: () => number
}

export function createStartingPoints(parts: StartingPointsParts): StartingPoints {
  const { topic, discovery, connect, offsets, signal } = parts

  /** Asks each leader on its own: one that is away does not hide the others. */
  async function recentOffsets(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const view = await discovery.describe(topic)
    const found = new Map<number, number>()
    const groups = Map.groupBy(partitions, (partition) => view.topic?.partitions[partition]?.leader ?? -1)
    const asked = [...groups.values()].map(async (led) => {
      const [ends, since] = await askOffsets(view, [endOfLog, parts.sinceMs()], { connect, signal, topic, partitions: led })
      for (const partition of led) found.set(partition, beginning(ends?.[partition] ?? -1, since?.[partition] ?? -1))
    })
    await Promise.allSettled(asked)
    for (const [partition, offset] of found) if (offset === -1) found.delete(partition)
    return found
  }

  return {
    async find(partitions) {
      const committed = await offsets.committed(partitions, signal)
      // A partition of an open transaction is left out: the next call may know.
      const known = new Map([...committed].filter((entry): entry is [number, number] => entry[1] !== 'open'))
      const fresh = partitions.filter((partition) => !committed.has(partition))
      return fresh.length === 0 ? known : new Map([...known, ...(await recentOffsets(fresh))])
    },
    async relocate(partition, position) {
      const view = await discovery.describe(topic)
      const [ends, starts, since] = await askOffsets(view, [endOfLog, startOfLog, parts.sinceMs()], {
        connect,
        signal,
        topic,
        partitions: [partition],
      })
      const [end, start] = [ends?.[partition] ?? -1, starts?.[partition] ?? -1]
      if (end === -1 || start === -1) return { kind: 'none' }
      if (position < start) return { kind: 'on', offset: start }
      return position > end ? { kind: 'back', offset: Math.max(start, beginning(end, since?.[partition] ?? -1)) } : { kind: 'none' }
    },
  }
}

/** The first record that is young enough; the end, asked before, when there is none. */
const beginning = (end: number, since: number): number => (since === -1 ? end : since)
