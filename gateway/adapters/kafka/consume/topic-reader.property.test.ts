import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { aReader, endRigs, eventually, type ReaderRig } from '../testing/reader-rig.ts'

const [brokers, partitions, mostPartitions] = [3, 2, 4]

type Step =
  | { readonly kind: 'append'; readonly partition: number; readonly records: number }
  | { readonly kind: 'elect'; readonly partition: number; readonly broker: number }
  /** The new leader lacks some records at the end. */
  | { readonly kind: 'lose'; readonly partition: number; readonly broker: number; readonly back: number }
  | { readonly kind: 'stop' | 'start' | 'silence'; readonly broker: number }
  | { readonly kind: 'grow' }
  /** Gives the reader time to read the records of its leaders. */
  | { readonly kind: 'settle' }

const partition = fc.nat({ max: mostPartitions - 1 })
const broker = fc.nat({ max: brokers - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), partition, records: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('elect' as const), partition, broker }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), partition, broker, back: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('stop' as const, 'start' as const, 'start' as const, 'silence' as const), broker }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
)

/** Plays a schedule, and remembers the records that the cluster acknowledged and lost. */
class Play {
  readonly cluster: FakeCluster
  readonly #rig: ReaderRig
  /** Values in the log of each partition. */
  readonly logs: string[][] = []
  readonly lost = new Set<string>()
  readonly #stopped = new Set<number>()
  #next = 0

  constructor(cluster: FakeCluster, rig: ReaderRig) {
    this.cluster = cluster
    this.#rig = rig
    this.#learnPartitions()
  }

  async take(one: Step): Promise<void> {
    if (one.kind === 'append') return this.append(one.partition % this.logs.length, one.records)
    if (one.kind === 'elect') return this.cluster.elect(one.partition % this.logs.length, one.broker)
    if (one.kind === 'lose') return this.#lose(one.partition % this.logs.length, one.broker, one.back)
    if (one.kind === 'grow') return this.#grow()
    if (one.kind === 'settle') return this.#settle()
    if (one.kind === 'silence') return this.cluster.silence(one.broker)
    if (one.kind === 'start') return this.start(one.broker)
    this.#stopped.add(one.broker)
    await this.cluster.stopBroker(one.broker)
  }

  /** One batch per record, so that each can be lost alone. */
  append(index: number, records: number): void {
    for (let left = records; left > 0; left--) {
      const value = `${index}-${this.#next++}`
      this.logs[index]?.push(value)
      this.cluster.append(index, value)
    }
  }

  async start(id: number): Promise<void> {
    this.cluster.unsilence(id)
    if (this.#stopped.delete(id)) await this.cluster.startBroker(id)
  }

  #lose(index: number, id: number, back: number): void {
    const log = this.logs[index] ?? []
    for (const value of log.splice(Math.max(0, log.length - back))) this.lost.add(value)
    this.cluster.electUnclean(index, id, log.length)
  }

  #grow(): void {
    this.cluster.grow(Math.min(mostPartitions, this.logs.length + 1))
    this.#learnPartitions()
  }

  #learnPartitions(): void {
    while (this.logs.length < this.cluster.partitions.length) this.logs.push([])
  }

  /** Waits for some answers of the metadata, or for the time for which a silent broker withholds them. */
  async #settle(): Promise<void> {
    const [seen, started] = [this.cluster.count(3), performance.now()]
    await eventually(() => check(this.cluster.count(3) > seen + 1 || performance.now() - started > 120, 'the metadata are not asked for'))
  }

  async end(): Promise<void> {
    for (let id = 0; id < brokers; id++) await this.start(id)
    for (const index of this.logs.keys()) this.append(index, 1)
    await eventually(() => {
      this.#rig.clock.aheadMs += 1_000
      for (const [index, log] of this.logs.entries())
        check(this.#rig.sink.values(index).includes(log.at(-1) ?? ''), `the last record of partition ${index} was not read`)
    }, 20_000)
  }
}

function check(isRight: boolean, otherwise: string): void {
  if (!isRight) throw new Error(otherwise)
}

describe('the topic reader', () => {
  it('hands over every record in the log once and in order, and announces lost records, under any faults of the brokers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (schedule) => {
        const cluster = await FakeCluster.start({ brokers, partitions })
        try {
          const rig = aReader(cluster, { kafkaFetchWaitMs: 10, kafkaStallTimeoutMs: 200, inspectEveryMs: 20 })
          await rig.start()
          const play = new Play(cluster, rig)
          for (const one of schedule) await play.take(one)
          await play.end()
          for (const [index, log] of play.logs.entries()) {
            const read = rig.sink.values(index)
            expect(new Set(read).size).toBe(read.length)
            expect(read.filter((value) => !play.lost.has(value))).toEqual(log)
            expect(read.toSorted((left, right) => Number(left.slice(2)) - Number(right.slice(2)))).toEqual(read)
          }
          const hasReadLost = rig.sink.values().some((value) => play.lost.has(value))
          expect({ hasReadLost, isAnnounced: rig.sink.starts.length > 1 }).not.toEqual({ hasReadLost: true, isAnnounced: false })
          expect({ losses: play.lost.size, isAnnounced: rig.sink.starts.length > 1 }).not.toEqual({ losses: 0, isAnnounced: true })
          expect(rig.sink.losses).toEqual([])
          expect(new Set(rig.sink.starts.map(({ epoch }) => epoch)).size).toBe(rig.sink.starts.length)
        } finally {
          await endRigs()
          await cluster.stop()
        }
      }),
      { numRuns: 10, interruptAfterTimeLimit: 20_000 },
    )
  }, 60_000)
})
