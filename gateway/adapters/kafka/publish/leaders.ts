import { isRefusal, type KafkaFailure } from '../kafka-error.ts'
import { brokerName, type BrokerAddress } from '../wire/broker-address.ts'
import type { Lanes } from './lanes.ts'
import { createLeader, type Leader, type LeaderLink, type TakenBatch } from './leader.ts'
import type { PartitionLane } from './partition-lane.ts'
import { readOutcomes, type ProduceOutcome } from './produce-outcome.ts'
import { delay, refuse } from './settle-batch.ts'
import type { TopicRoutes } from './topic-routes.ts'
import type { TroubleLog } from './trouble-log.ts'

export type ConnectLeader = (address: BrokerAddress, signal: AbortSignal) => Promise<LeaderLink>

/** Keeps a sender for each broker that leads partitions, made when the first record is due to it. */
export interface Leaders {
  /** Sends the ready batches of this lane, and of the other lanes of its leader. */
  pump(lane: PartitionLane): void
  pumpAll(): void
  /** Closes the senders to brokers that lead no partition any more, or have another address now. */
  followRoutes(): void
  /** Stops permanently. */
  close(): void
}

export interface LeadersParts {
  readonly topic: string
  readonly connect: ConnectLeader
  readonly routes: Pick<TopicRoutes, 'leaderOf' | 'addressOf' | 'leaders'>
  readonly lanes: Pick<Lanes, 'all'>
  readonly troubles: TroubleLog
  readonly settle: (batch: TakenBatch, outcome: ProduceOutcome, broker: number) => void
  /** Called when a leader does not answer: another may lead its partitions by now. */
  readonly lost: () => void
}

export function createLeaders(parts: LeadersParts): Leaders {
  const { routes, troubles } = parts
  const leaders = new Map<number, { readonly name: string; readonly leader: Leader }>()
  let isClosed = false

  const lanesOf = (broker: number): readonly PartitionLane[] =>
    [...parts.lanes.all()].filter(({ partition }) => routes.leaderOf(partition) === broker)

  function leaderOf(lane: PartitionLane): Leader | null {
    const broker = routes.leaderOf(lane.partition)
    const address = broker === null ? null : routes.addressOf(broker)
    if (broker === null || address === null) return null
    const known = leaders.get(broker)
    if (known !== undefined) return known.leader
    const leader = lead(broker, address)
    leaders.set(broker, { name: brokerName(address), leader })
    return leader
  }

  function lead(broker: number, address: BrokerAddress): Leader {
    const place = `broker ${brokerName(address)}`
    return createLeader({
      connect: (signal) => parts.connect(address, signal),
      lanes: () => lanesOf(broker),
      outcomesOf(answer) {
        troubles.works(place)
        return readOutcomes(answer, parts.topic)
      },
      settle: (batch, outcome) => parts.settle(batch, outcome, broker),
      unreachable(failure) {
        unreachable(lanesOf(broker), failure)
        unanswered(failure)
      },
      unanswered,
    })

    function unanswered({ detail }: KafkaFailure): void {
      troubles.failed(place, detail)
      parts.lost()
    }
  }

  /** Nothing was sent: waiting records are refused with this broker's message, or wait on. */
  function unreachable(lanes: readonly PartitionLane[], failure: KafkaFailure): void {
    for (const { records } of lanes) {
      if (isRefusal(failure)) refuse([...records], failure.detail, troubles)
      else delay(records, failure.detail)
    }
  }

  function forget(broker: number, leader: Leader): void {
    leaders.delete(broker)
    leader.close()
  }

  return {
    pump: (lane) => {
      if (!isClosed) leaderOf(lane)?.pump()
    },
    pumpAll() {
      if (isClosed) return
      for (const lane of parts.lanes.all()) if (lane.isReady) leaderOf(lane)?.pump()
    },
    followRoutes() {
      const leading = routes.leaders()
      for (const [broker, { name, leader }] of leaders) {
        const address = routes.addressOf(broker)
        if (!leading.has(broker) || address === null || brokerName(address) !== name) forget(broker, leader)
      }
    },
    close() {
      isClosed = true
      for (const [broker, { leader }] of leaders) forget(broker, leader)
    },
  }
}
