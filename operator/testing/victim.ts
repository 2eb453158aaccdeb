import { vi } from 'vitest'
import { startEmitter } from '../../gateway/testing/failover/emitters.ts'
import { startPod } from '../../gateway/testing/failover/pod.ts'
import { readTopic } from '../../gateway/testing/failover/read-topic.ts'
import { checkCase } from '../../gateway/testing/failover/verdict.ts'
import { startWatcher } from '../../gateway/testing/failover/watchers.ts'

/**
 * Traffic on a channel's topic while a fault happens to it: a real gateway, an emitter and two browsers. One browser reconnects
 * again and again.
 */
export interface Victim {
  /**
   * Stops the traffic. @returns the events that the browsers received, by id, and the records of the topic that the emitter did not write
   */
  finish(): Promise<VictimVerdict>
  stop(): Promise<void>
}

export interface VictimVerdict {
  readonly emitted: number
  readonly refused: number
  readonly lost: number
  readonly duplicates: number
  readonly foreign: number
  readonly gaps: number
  readonly closes: number
  /** Records of the topic that the emitter did not write. */
  readonly foreignRecords: number
}

export interface VictimOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
}

const patienceMs = 120_000
const ratePerS = 20

export async function startVictim({ brokers, topic, partitions }: VictimOptions): Promise<Victim> {
  const pod = await startPod('victim', { KAFKA_BROKERS: brokers.join(','), KAFKA_TOPIC: topic })
  await pod.untilReady(patienceMs)
  const watchers = [
    startWatcher({ name: 'plain', pods: [pod], reconnectEveryMs: null }),
    startWatcher({ name: 'returns', pods: [pod], reconnectEveryMs: 2_000 }),
  ]
  await Promise.all(watchers.map(({ opened }) => opened))
  const emitter = startEmitter({ pods: [pod], rate: ratePerS, partitions, prefix: topic })
  const watched = watchers.map(({ seen }) => seen)
  const leave = async (): Promise<void> => {
    for (const watcher of watchers) watcher.stop()
    await pod.kill()
  }
  return {
    async finish() {
      await emitter.stop()
      const accepted = emitter.emitted.filter(({ status }) => status === 202)
      const haveAll = (): boolean => watched.every(({ events }) => events.length >= accepted.length)
      // Events that are missing in the end are lost: the verdict reports them.
      await vi.waitUntil(haveAll, { timeout: patienceMs, interval: 100 }).catch(() => null)
      const verdict = checkCase({ emitted: emitter.emitted, watched, faultMs: 0, away: [], unreadyMs: 0, unreadyBecause: [] })
      const records = await readTopic(brokers, topic)
      const sent = new Set(emitter.emitted.map(({ id }) => id))
      return {
        emitted: verdict.emitted,
        refused: verdict.emitted - verdict.accepted,
        lost: verdict.lost,
        duplicates: verdict.duplicates,
        foreign: verdict.foreign,
        gaps: verdict.gaps,
        closes: verdict.closes,
        foreignRecords: records.filter(({ headers }) => !sent.has(headers['ce_id'] ?? '')).length,
      }
    },
    async stop() {
      await emitter.stop()
      await leave()
    },
  }
}
