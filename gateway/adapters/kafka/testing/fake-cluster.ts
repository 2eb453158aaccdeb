import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { brokerName, type BrokerAddress } from '../wire/broker-address.ts'
import { frame, startFakeBroker, type FakeAnswer, type FakeBroker, type FakeRequest, type SpokenApi } from './fake-broker.ts'
import { FakePartition } from './fake-partition.ts'
import {
  apiKeys,
  readFetch,
  readLeaderEpochs,
  readListOffsets,
  writeFetch,
  writeLeaderEpochs,
  writeListOffsets,
  writeMetadata,
  type AskedFetch,
  type FetchedToSay,
} from './fake-protocol.ts'

const codes = { outOfRange: 1, unknownTopic: 3, notLeader: 6, fenced: 74, unknownEpoch: 75, unknownTopicId: 100 }

/** Fetch, ListOffsets, Metadata, OffsetForLeaderEpoch, in the flexible versions that the fake cluster writes. */
const spokenApis: readonly SpokenApi[] = [
  [1, 12, 13],
  [2, 6, 6],
  [3, 9, 12],
  [18, 0, 3],
  [23, 4, 4],
]
/** True: as brokers before 2.8, without ids of topics. */
const withoutIds: readonly SpokenApi[] = [
  [1, 12, 12],
  [2, 6, 6],
  [3, 9, 9],
  [18, 0, 3],
  [23, 4, 4],
]

/** False description of the topic by one broker. */
export interface StaleView {
  readonly topicId: string | null
  readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[]
}

export interface SeenRequest extends FakeRequest {
  readonly broker: number
}

/** Brokers in this process with one topic in memory. A test moves leaders, cuts logs, stops brokers, and sets false answers. */
export class FakeCluster {
  readonly topic = 't'
  topicId: string | null = randomUUID()
  partitions: FakePartition[] = []
  doesExist = true
  /** Further parts of a Fetch response. */
  throttleMs = 0
  fetchErrorCode = 0
  /** Takes a request first; undefined: it is answered as a broker would. */
  intercept: (request: FakeRequest, broker: number) => FakeAnswer | undefined = () => undefined
  /** Changes a response on its way. */
  damage: (answer: Buffer) => Buffer = (answer) => answer
  readonly requests: SeenRequest[] = []
  readonly staleViews = new Map<number, StaleView>()
  readonly #apis: readonly SpokenApi[]
  readonly #brokers = new Map<number, FakeBroker>()
  readonly #addresses = new Map<number, BrokerAddress>()
  /** Processes that hang, whose ids others have now. */
  readonly #hung: FakeBroker[] = []
  readonly #silent = new Set<number>()
  readonly #waiting = new Set<() => void>()
  /** Brokers that the metadata leaves out, as the controller has given them up. */
  readonly #unlisted = new Set<number>()

  static async start({
    brokers = 1,
    partitions = 1,
    hasIds = true,
  }: { readonly brokers?: number; readonly partitions?: number; readonly hasIds?: boolean } = {}): Promise<FakeCluster> {
    const cluster = new FakeCluster(hasIds ? spokenApis : withoutIds)
    for (let id = 0; id < brokers; id++) await cluster.startBroker(id)
    cluster.grow(partitions)
    return cluster
  }

  constructor(apis: readonly SpokenApi[]) {
    this.#apis = apis
  }

  get addresses(): readonly string[] {
    return [...this.#addresses.values()].map(brokerName)
  }

  partition(index: number): FakePartition {
    const partition = this.partitions[index]
    if (partition === undefined) throw new Error(`the topic has no partition ${index}`)
    return partition
  }

  append(partition: number, ...values: readonly string[]): void {
    this.partition(partition).append(values, Date.now())
    this.changed()
  }

  /** A clean election. */
  elect(partition: number, broker: number): void {
    this.partition(partition).elect(broker)
    this.changed()
  }

  /** Elects the broker without the records at and above the offset. */
  electUnclean(partition: number, broker: number, offset: number): void {
    this.partition(partition).truncate(offset)
    this.elect(partition, broker)
  }

  grow(partitions: number): void {
    while (this.partitions.length < partitions)
      this.partitions.push(new FakePartition(this.partitions.length % Math.max(1, this.#addresses.size)))
  }

  remake(partitions = this.partitions.length): void {
    this.topicId = randomUUID()
    this.partitions = []
    this.grow(partitions)
    this.doesExist = true
    this.changed()
  }

  /** Keeps connections, and answers no request. */
  silence(broker: number): void {
    this.#silent.add(broker)
  }

  unsilence(broker: number): void {
    this.#silent.delete(broker)
  }

  unlist(broker: number): void {
    this.#unlisted.add(broker)
  }

  async stopBroker(id: number): Promise<void> {
    await this.#brokers.get(id)?.stop()
    this.#brokers.delete(id)
  }

  /** @param port left out: the earlier port of the broker, or any free one */
  async startBroker(id: number, port = this.#addresses.get(id)?.port ?? 0): Promise<void> {
    const isCurrent = (): boolean => this.#brokers.get(id) === broker
    const broker: FakeBroker = await startFakeBroker((request) => (isCurrent() ? this.#answer(request, id) : null), {
      apis: this.#apis,
      port,
    })
    this.#brokers.set(id, broker)
    this.#addresses.set(id, broker.address)
    this.#unlisted.delete(id)
  }

  /** Makes the broker's process hang. Its connections stay, and another process has its id and another port. */
  async replaceBroker(id: number): Promise<void> {
    const old = this.#brokers.get(id)
    if (old !== undefined) this.#hung.push(old)
    await this.startBroker(id, 0)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hung.splice(0).map((broker) => broker.stop()))
    await Promise.all([...this.#brokers.keys()].map((id) => this.stopBroker(id)))
  }

  openSockets(id: number): number {
    return this.#brokers.get(id)?.sockets.filter(({ destroyed }) => !destroyed).length ?? 0
  }

  count(apiKey: number, broker?: number): number {
    return this.requests.filter((request) => request.apiKey === apiKey && (broker === undefined || request.broker === broker)).length
  }

  /** Looks again at fetches that are held. */
  changed(): void {
    for (const look of this.#waiting) look()
  }

  #answer(request: FakeRequest, broker: number): FakeAnswer | undefined {
    if (this.requests.length > 200_000) this.requests.splice(0, 100_000)
    this.requests.push({ ...request, broker })
    if (this.#silent.has(broker)) return null
    const taken = this.intercept(request, broker)
    if (taken !== undefined) return taken
    if (request.apiKey === apiKeys.metadata) return this.damage(this.#metadata(request, broker))
    if (request.apiKey === apiKeys.listOffsets) return this.damage(this.#listOffsets(request, broker))
    if (request.apiKey === apiKeys.leaderEpoch) return this.damage(this.#leaderEpochs(request, broker))
    if (request.apiKey === apiKeys.fetch) return this.#fetch(request, broker)
    return undefined
  }

  #metadata(request: FakeRequest, broker: number): Buffer {
    const { topicId, partitions } = this.staleViews.get(broker) ?? {
      topicId: this.topicId,
      partitions: this.partitions.map(({ leader, epoch }) => ({ leader, leaderEpoch: epoch })),
    }
    const brokers = [...this.#addresses].filter(([id]) => !this.#unlisted.has(id)).map(([id, address]) => ({ id, ...address }))
    const { doesExist, topic } = this
    return writeMetadata(request, {
      brokers,
      topic,
      topicId,
      errorCode: doesExist ? 0 : codes.unknownTopic,
      partitions: doesExist ? partitions : [],
    })
  }

  #refusal(partition: FakePartition | undefined, broker: number, leaderEpoch = -1): number {
    if (partition === undefined || !this.doesExist) return codes.unknownTopic
    if (partition.errorCode !== 0) return partition.errorCode
    if (partition.leader !== broker) return codes.notLeader
    if (leaderEpoch !== -1 && leaderEpoch < partition.epoch) return codes.fenced
    return leaderEpoch > partition.epoch ? codes.unknownEpoch : 0
  }

  #listOffsets(request: FakeRequest, broker: number): Buffer {
    const answers = readListOffsets(request).map(({ partition, timestampMs }) => {
      const found = this.partitions[partition]
      const errorCode = this.#refusal(found, broker)
      if (found === undefined || errorCode !== 0) return { partition, errorCode, offset: -1 }
      const offset =
        timestampMs === -1
          ? found.lastStableOffset
          : timestampMs === -2
            ? (found.lies.logStartOffset ?? found.logStart)
            : found.offsetAt(timestampMs)
      return { partition, errorCode, offset }
    })
    return writeListOffsets(this.topic, answers)
  }

  #leaderEpochs(request: FakeRequest, broker: number): Buffer {
    const answers = readLeaderEpochs(request).map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
      const found = this.partitions[partition]
      const errorCode = this.#refusal(found, broker, currentLeaderEpoch)
      return {
        partition,
        errorCode,
        ...(found === undefined || errorCode !== 0 ? { leaderEpoch: -1, endOffset: -1 } : found.endOfEpoch(leaderEpoch)),
      }
    })
    return writeLeaderEpochs(this.topic, answers)
  }

  #fetch(request: FakeRequest, broker: number): FakeAnswer {
    const asked = readFetch(request)
    const { news, answer } = this.#look(request, asked, broker)
    if (news || asked.maxWaitMs === 0) return this.damage(answer)
    return (socket) => this.#hold(socket, request, asked, broker)
  }

  #hold(socket: Socket, request: FakeRequest, asked: AskedFetch, broker: number): void {
    const say = (answer: Buffer): void => {
      clearTimeout(timer)
      this.#waiting.delete(look)
      if (!this.#silent.has(broker) && this.#brokers.get(broker)?.sockets.includes(socket) === true && !socket.destroyed)
        socket.write(frame(request.correlationId, this.damage(answer)))
    }
    const look = (): void => {
      const { news, answer } = this.#look(request, asked, broker)
      if (news) say(answer)
    }
    const timer = setTimeout(() => say(this.#look(request, asked, broker).answer), asked.maxWaitMs)
    this.#waiting.add(look)
  }

  #look(request: FakeRequest, asked: AskedFetch, broker: number): { readonly news: boolean; readonly answer: Buffer } {
    let left = 1_048_576
    const partitions = asked.partitions.map((wanted) => {
      const said = this.#fetchOne(asked, wanted, broker, left)
      left = Math.max(0, left - said.records.length)
      return said
    })
    const news =
      this.fetchErrorCode !== 0 ||
      partitions.some(({ errorCode, records, preferredReplica }) => errorCode !== 0 || records.length > 0 || preferredReplica !== -1)
    return { news, answer: writeFetch(request, asked, { throttleMs: this.throttleMs, errorCode: this.fetchErrorCode, partitions }) }
  }

  #fetchOne(
    asked: AskedFetch,
    { partition, leaderEpoch, offset, maxBytes }: AskedFetch['partitions'][number],
    broker: number,
    left: number,
  ): FetchedToSay {
    const found = this.partitions[partition]
    const followed = found?.followers.get(broker)
    const epochCode =
      asked.topicId !== null && asked.topicId !== this.topicId
        ? codes.unknownTopicId
        : this.#refusal(found, followed === undefined ? broker : (found?.leader ?? -1), leaderEpoch)
    const end = followed ?? found?.end ?? 0
    const errorCode = epochCode !== 0 ? epochCode : offset > end || offset < (found?.logStart ?? 0) ? codes.outOfRange : 0
    const none = {
      partition,
      errorCode,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      preferredReplica: -1,
      records: Buffer.alloc(0),
    }
    if (found === undefined || errorCode !== 0) return none
    const { highWatermark, lastStableOffset } = found
    const said = { ...none, highWatermark, lastStableOffset, logStartOffset: found.lies.logStartOffset ?? found.logStart }
    if (asked.rack !== '' && found.leader === broker && found.preferredReplica !== -1)
      return { ...said, preferredReplica: found.preferredReplica }
    return { ...said, records: left === 0 ? none.records : found.read(offset, Math.min(maxBytes, left), end) }
  }
}
