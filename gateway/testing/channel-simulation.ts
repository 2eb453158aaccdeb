import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Audience } from '../audience/audience.ts'
import { matches } from '../audience/audience-matcher.ts'
import type { Principal } from '../audience/principal.ts'
import { Channel } from '../channel/channel.ts'
import { FanOut } from '../channel/fan-out.ts'
import { Hub } from '../channel/hub.ts'
import { RevokedSessions } from '../channel/revoked-sessions.ts'
import { Upkeep } from '../channel/upkeep.ts'
import { parseFilters } from '../filter/dialects.ts'
import type { Filter } from '../filter/filter.ts'
import { type FilterLimits, type InternedFilter, InternedFilters } from '../filter/intern.ts'
import { type Cursor, decodeCursor, pendingGapTagOf } from '../replay/cursor.ts'
import type { CursorForm } from '../replay/entry.ts'
import { Frames } from '../replay/frames.ts'
import { ReplayLog } from '../replay/replay-log.ts'
import { ok } from '../../program/result.ts'
import { createBookmarks, createControlJson } from '../session/control-events.ts'
import { Reader } from '../session/reader.ts'
import type { Framing } from '../replay/framing.ts'
import type { Session } from '../session/session.ts'
import type { Socket, SocketHandlers } from '../session/socket.ts'
import { createRecordingLogger } from './recording-logger.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

/**
 * A topic, a few pods that read it at their own pace, and clients that move between them. A tape of numbers drives them: the same tape
 * gives the same run. Each client checks all its events against the topic. `complaints` lists the breaches of G1.
 */
export function createSimulation(tape: readonly number[]): Simulation {
  return new Simulation(tape)
}

const partitions = 3
const maxPartitions = 6
const topicName = 'simulated'

class Simulation {
  readonly #tape: readonly number[]
  #at = 0
  readonly #topic: TopicRecord[][] = Array.from({ length: partitions }, () => [])
  readonly #pods: Pod[] = []
  readonly #clients: Client[] = []
  readonly #complaints: string[] = []
  readonly seen: Record<string, number> = {}

  constructor(tape: readonly number[]) {
    this.#tape = tape
    for (let index = 0; index < 3; index += 1) this.#pods.push(this.#newPod())
    for (const role of cast)
      this.#clients.push(
        new Client(role, this.#topic, {
          complain: (text) => this.#complaints.push(text),
          see: (what, times) => this.#see(what, times),
        }),
      )
  }

  complaints(): readonly string[] {
    return this.#complaints
  }

  run(): void {
    while (this.#at < this.#tape.length) {
      this.#step()
      this.#checkFilters()
    }
    this.#finish()
    this.#checkFilters()
  }

  #checkFilters(): void {
    for (const pod of this.#pods) {
      const wrong = pod.checkFilters()
      if (wrong !== null) this.#complaints.push(wrong)
    }
  }

  #see(what: string, times = 1): void {
    this.seen[what] = (this.seen[what] ?? 0) + times
  }

  /** Returns a number in [0, below), from the tape. */
  #pick(below: number): number {
    const number = this.#tape[this.#at] ?? 0
    this.#at += 1
    return number % below
  }

  #step(): void {
    const choice = this.#pick(100)
    if (choice < 25) this.#produce()
    else if (choice < 50)
      this.#pods[this.#pick(this.#pods.length)]?.readSome(this.#topic, this.#pick(this.#topic.length), 1 + this.#pick(4))
    else if (choice < 63) this.#pods[this.#pick(this.#pods.length)]?.slice()
    else if (choice < 65) this.#clients[this.#pick(cast.length)]?.renewToken(rights[this.#pick(rights.length)] ?? {})
    else if (choice < 70) this.#clients[this.#pick(cast.length)]?.subscribe(narrowings[this.#pick(narrowings.length)] ?? everything)
    else if (choice < 81) this.#clients[this.#pick(cast.length)]?.receiveSome(1 + this.#pick(200))
    else if (choice < 91) this.#connectOrNot(this.#clients[this.#pick(cast.length)])
    else if (choice < 94) this.#clients[this.#pick(cast.length)]?.bookmark()
    else if (choice < 95) this.#pods[this.#pick(this.#pods.length)]?.hearEnds(this.#topic)
    else if (choice < 96) this.#restart(this.#pick(this.#pods.length))
    else if (choice < 97) this.#grow()
    else if (choice < 98) this.#pods[this.#pick(this.#pods.length)]?.announce()
    else this.#lose(this.#pods[this.#pick(this.#pods.length)])
  }

  #produce(): void {
    const partition = this.#pick(this.#topic.length)
    const records = this.#topic[partition] ?? []
    const last = records.at(-1)
    const offset = (last?.offset ?? -1) + 1 + (this.#pick(5) === 0 ? this.#pick(4) : 0)
    records.push({
      partition,
      offset,
      audience: audiences[this.#pick(audiences.length)] ?? null,
      color: colors[this.#pick(colors.length)] ?? 'red',
    })
  }

  #connectOrNot(client: Client | undefined): void {
    const pod = this.#pods[this.#pick(this.#pods.length)]
    if (client === undefined || pod === undefined) return
    if (client.isConnected) return client.cut()
    client.connect(pod, { bufferBytes: 1 + this.#pick(3) * 400, start: this.#pick(3) === 0 ? 'earliest' : 'latest' })
  }

  #restart(index: number): void {
    for (const client of this.#clients) if (client.pod === this.#pods[index]) client.cut()
    this.#pods[index] = this.#newPod(this.#pick(8))
    this.#see('restarted')
  }

  /** The topic gets another partition. A pod hears of it with the next report of the ends, or with the first record. */
  #grow(): void {
    if (this.#topic.length === maxPartitions) return
    this.#topic.push([])
    this.#see('grown')
  }

  /** Retention overtakes a pod in one partition, or a batch of it cannot be read. */
  #lose(pod: Pod | undefined): void {
    const partition = this.#pick(this.#topic.length)
    if (pod?.lose(this.#topic, partition, 1 + this.#pick(3)) === true) this.#see('lost')
  }

  #newPod(back = 0): Pod {
    const limits = filterLimits[this.#pick(filterLimits.length)] ?? { maxDistinct: 1, maxPerUser: 1 }
    return new Pod(this.#topic, { back, limits, see: (what) => this.#see(what) })
  }

  /**
   * All pods read all records, all clients connect and receive all events: none may be missing then. They do so twice, on two pods, and get events
   * while they are at the head. So on the second pod they resume from cursors of live events.
   */
  #finish(): void {
    for (const pod of this.#pods.slice(0, 2)) {
      this.#readAll()
      for (const client of this.#clients) if (!client.isConnected) client.connect(pod, { bufferBytes: 1000, start: 'latest' })
      this.#receiveAll()
      this.#produceForAll()
      this.#readAll()
      this.#receiveAll()
      for (const client of this.#clients) {
        client.checkNothingIsMissing()
        client.cut()
      }
    }
  }

  #readAll(): void {
    for (const pod of this.#pods) {
      pod.readAll(this.#topic)
      pod.announce()
    }
  }

  #receiveAll(): void {
    for (let round = 0; round < 400; round += 1) {
      for (const pod of this.#pods) pod.slice()
      for (const client of this.#clients) client.receiveSome(1_000_000)
    }
  }

  #produceForAll(): void {
    const audience = { ...noAudience, broadcast: true }
    this.#topic.forEach((records, partition) =>
      records.push({ partition, offset: (records.at(-1)?.offset ?? -1) + 1, audience, color: 'red' }),
    )
  }
}

interface TopicRecord {
  readonly partition: number
  readonly offset: number
  /** null: a record without a recipient. */
  readonly audience: Audience | null
  /** An extension of the event, for filters. */
  readonly color: string
}

const colors = ['red', 'dark-red', 'blue']

const aPrincipal = (userId: string, organizationId: string, roles: readonly string[]): Principal => ({
  userId,
  username: `${userId}-name`,
  organizationId,
  accountNumber: null,
  roles,
  expiresAtMs: null,
  issuedAtMs: null,
  tokenId: null,
})

/** A user who connects, and the first narrowing of the connection. */
interface Role extends Narrowing {
  readonly principal: Principal
  readonly cursors: CursorForm
}

interface Narrowing {
  /** Text of the parameter `filters`; null: none. */
  readonly filters: string | null
  /** The same in code, for the oracle. */
  readonly wants: (record: TopicRecord) => boolean
}

const ann = aPrincipal('ann', 'red', ['admin'])
const bob = aPrincipal('bob', 'red', [])
const cid = aPrincipal('cid', 'blue', ['admin'])
const everything: Narrowing = { filters: null, wants: () => true }
const onlyRed: Narrowing = { filters: '[{"exact":{"color":"red"}}]', wants: ({ color }) => color === 'red' }
const notBlueInSql: Narrowing = {
  filters: `[{"sql":"color LIKE '%red' AND partition <> 1"}]`,
  wants: ({ color, partition }) => color !== 'blue' && partition !== 1,
}
/** Narrowings that a client may change to. Two have the same filter in other words. */
const narrowings: readonly Narrowing[] = [
  everything,
  onlyRed,
  { ...onlyRed, filters: '[{"any":[{"exact":{"color":"red"}}]}]' },
  notBlueInSql,
  { filters: '[{"prefix":{"color":"b"}}]', wants: ({ color }) => color === 'blue' },
  { filters: '[{"suffix":{"color":"-red"}}]', wants: ({ color }) => color === 'dark-red' },
  { ...everything, filters: '[]' },
]
const cast: readonly Role[] = [
  { principal: ann, cursors: 'full', ...everything },
  { principal: bob, cursors: 'short', ...everything },
  { principal: cid, cursors: 'full', ...everything },
  { principal: ann, cursors: 'short', ...everything },
  { principal: ann, cursors: 'short', ...onlyRed },
  {
    principal: bob,
    cursors: 'full',
    filters: '[{"not":{"any":[{"suffix":{"color":"-red"}},{"prefix":{"color":"b"}}]}}]',
    wants: ({ color }) => color === 'red',
  },
  { principal: cid, cursors: 'short', ...notBlueInSql },
  { principal: ann, cursors: 'short', filters: '[{"exact":{"color":"green"}}]', wants: () => false },
]
/** Rights that a fresh token may have: another organization, other roles, or the same as before. */
const rights: readonly Partial<Pick<Principal, 'organizationId' | 'roles'>>[] = [
  { organizationId: 'red', roles: [] },
  { organizationId: 'blue', roles: ['admin'] },
  { organizationId: null, roles: ['admin'] },
  {},
]
const noAudience: Audience = { broadcast: false, users: [], usernames: [], organizations: [], roles: [] }
const audiences: readonly (Audience | null)[] = [
  null,
  { ...noAudience, broadcast: true },
  { ...noAudience, users: ['ann'] },
  { ...noAudience, users: ['bob'], organizations: ['blue'] },
  { ...noAudience, usernames: ['ann-name', 'cid-name'], users: ['ann'] },
  { ...noAudience, organizations: ['red'] },
  { ...noAudience, organizations: ['red', 'blue'], roles: ['admin'] },
  { ...noAudience, users: ['stranger'] },
]

/** Pods have room for few filters, or users for fewer. */
const filterLimits: readonly FilterLimits[] = [
  { maxDistinct: 1, maxPerUser: 2 },
  { maxDistinct: 3, maxPerUser: 1 },
]

/** One gateway's core with a small log, whose turns are taken when the simulation decides. */
class Pod {
  readonly channel: Channel
  readonly log: ReplayLog
  /** Lost offsets of each partition. */
  readonly lost: Set<number>[] = []
  readonly filters: InternedFilters
  readonly #positions: number[]
  readonly #see: (what: string) => void
  #slices: (() => void)[] = []

  constructor(
    topic: readonly (readonly TopicRecord[])[],
    { back, limits, see }: { readonly back: number; readonly limits: FilterLimits; readonly see: (what: string) => void },
  ) {
    this.#see = see
    this.filters = new InternedFilters(limits, { checked: () => {}, failed: () => {} })
    const { metrics } = createRecordingMetrics()
    this.log = new ReplayLog(topicName, { windowMs: 60_000, maxBytes: 12_000 })
    const frames = new Frames(
      this.log,
      (content) => ok(Buffer.from(JSON.stringify(content.kind === 'parsed' ? content.event : {}).slice(0, -1))),
      { encoded: () => {}, broken: () => {} },
      { leastBytes: 0, mostBytes: 1_000, leastClients: 2 },
    )
    const control = createControlJson('simulated', 'pod', 25_000)
    const shared = {
      log: this.log,
      reader: new Reader({ log: this.log, frames, filters: this.filters }, { maxBytesPerTurn: 300, maxEntriesPerTurn: 3 }),
      control,
      bookmark: createBookmarks(this.log, control),
      features: [],
      observer: { lost: () => {}, replayed: () => {}, closed: () => {} },
    }
    const fanOut = new FanOut({ sliceMs: 0, observer: { delivered: () => {} }, later: (run) => this.#slices.push(run) })
    const upkeep = new Upkeep({
      intervalMs: 25_000,
      timeoutMs: 1000,
      noticeMs: 0,
      toleranceMs: 0,
      now: () => 0,
      clock: () => 0,
      random: () => 0,
    })
    this.channel = new Channel({
      log: this.log,
      hub: new Hub(),
      filters: this.filters,
      fanOut,
      upkeep,
      shared,
      metrics,
      logger: createRecordingLogger().logger,
      received: () => {},
      closedBecause: () => null,
      limits: { maxConnections: 100, maxConnectionsPerUser: 100 },
      isRevoked: () => false,
      revokedSessions: new RevokedSessions(),
    })
    this.#positions = topic.map((records) => records[Math.max(0, records.length - back)]?.offset ?? (records.at(-1)?.offset ?? -1) + 1)
    this.channel.open({ epoch, startOffsets: this.#positions, endOffsets: endsOf(topic) })
  }

  /** Returns what is wrong with the filters that are held: they must be those of the sessions; null: nothing. */
  checkFilters(): string | null {
    const holders = new Map<InternedFilter, number>()
    const users = new Set<string>()
    for (const { filter, principal } of this.channel.hub.sessions()) {
      if (filter === null) continue
      holders.set(filter, (holders.get(filter) ?? 0) + 1)
      users.add(principal.userId)
    }
    const isRight = [...holders].every(([filter, count]) => filter.holders === count)
    if (isRight && this.filters.size === holders.size && this.filters.users === users.size) return null
    return `${this.filters.size} filters of ${this.filters.users} users are held, and ${holders.size} of ${users.size} are those of sessions`
  }

  readSome(topic: readonly (readonly TopicRecord[])[], partition: number, count: number): void {
    const from = this.#positions[partition] ?? 0
    const batch = (topic[partition] ?? []).filter((record) => record.offset >= from).slice(0, count)
    for (const record of batch) this.#take(partition, record)
  }

  #take(partition: number, record: TopicRecord): void {
    const before = this.log.tailSeq
    this.#positions[partition] = record.offset + 1
    if (record.audience === null) return this.log.advance(partition, record.offset + 1)
    const event = { id: `${partition}-${record.offset}`, partition, offset: record.offset, color: record.color }
    const content = { kind: 'parsed', event, bytes: 40 } as const
    this.channel.append({
      partition,
      offset: record.offset,
      audience: record.audience,
      timestampMs: 0,
      appendedAtMs: 0,
      traceparent: null,
      content,
      contentBytes: 40,
    })
    if (this.log.tailSeq > before) this.#see('trimmed')
  }

  /**
   * Removes records of a partition before this pod has read them: it goes on behind them.
   * @returns whether there were any
   */
  lose(topic: readonly (readonly TopicRecord[])[], partition: number, count: number): boolean {
    const from = this.#positions[partition] ?? 0
    const gone = (topic[partition] ?? []).filter((record) => record.offset >= from).slice(0, count)
    const last = gone.at(-1)
    if (last === undefined) return false
    this.#positions[partition] = last.offset + 1
    for (const { offset } of gone) (this.lost[partition] ??= new Set()).add(offset)
    this.channel.lose(partition, last.offset + 1)
    return true
  }

  announce(): void {
    this.channel.announceLosses()
  }

  readAll(topic: readonly (readonly TopicRecord[])[]): void {
    topic.forEach((records, partition) => {
      for (let round = 0; round <= records.length; round += 1) {
        this.readSome(topic, partition, 1)
        this.slice()
      }
    })
  }

  hearEnds(topic: readonly (readonly TopicRecord[])[]): void {
    this.channel.ends(endsOf(topic))
  }

  slice(): void {
    const slices = this.#slices
    this.#slices = []
    for (const run of slices) run()
  }
}

const epoch = 'one'
const endsOf = (topic: readonly (readonly TopicRecord[])[]): number[] => topic.map((records) => (records.at(-1)?.offset ?? -1) + 1)

/** Lines of JSON, so that frames can be distinguished. */
const framing: Framing = { kind: 'websocket', before: () => Buffer.alloc(0), after: Buffer.from('\n') }
/** Some of the lines are in base64, compressed. */
const compressing: Framing = { ...framing, compress: (frame) => Buffer.from(`${deflateRawSync(frame).toString('base64')}\n`) }

/**
 * Returns the cursor of a client after another one: a short cursor takes the place of that of its partition, behind the whole one.
 * @param held null: the client has none yet
 */
function cursorAfter(held: string | null, given: string): string | null {
  if (!given.startsWith('.')) return given
  const [whole, ...parts] = held?.split('.') ?? []
  if (whole === undefined) return null
  const isOfAnother = (part: string): boolean => !`.${part}`.startsWith(given.slice(0, given.indexOf('-') + 1))
  return [whole, ...parts.filter(isOfAnother)].join('.') + given
}

/** A client that follows the protocol: it keeps its last cursor, and believes it. */
class Client {
  pod: Pod | null = null
  readonly #cursors: CursorForm
  /** The rights that hold from the client's last cursor on. Its next connection has a token with them. */
  #principal: Principal
  /** Rights of the fresh tokens that this connection has sent and that are not confirmed yet, in order. */
  #renewals: Principal[] = []
  /** The narrowing that holds from the client's last cursor on. Its next connection asks for it. */
  #narrowing: Narrowing
  /** Narrowings that this connection has asked for and that are not confirmed yet, in order. */
  #subscriptions: Narrowing[] = []
  readonly #topic: readonly (readonly TopicRecord[])[]
  readonly #report: { complain(text: string): void; see(what: string, times?: number): void }
  #socket: PipeSocket | null = null
  #cursor: string | null = null
  /** All events that it ever got. A gap allows missing events, but no repetition. */
  readonly #delivered = new Set<string>()
  /** Offset of each partition below which no event is due any more; null until the first cursor. */
  #expected: number[] | null = null
  /** True after a loss that the client has not heard of: its cursors must carry that to any pod. */
  #isOwedGap = false
  /** True once this connection has sent a message. */
  #isFirstMessage = true

  constructor(
    role: Role,
    topic: readonly (readonly TopicRecord[])[],
    report: { complain(text: string): void; see(what: string, times?: number): void },
  ) {
    this.#principal = role.principal
    this.#cursors = role.cursors
    this.#narrowing = role
    this.#topic = topic
    this.#report = report
  }

  get isConnected(): boolean {
    return this.#socket !== null
  }

  /** @param start the place of a client that has no cursor yet */
  connect(pod: Pod, { bufferBytes, start }: { readonly bufferBytes: number; readonly start: 'latest' | 'earliest' }): void {
    const filter = this.#filterFor(pod)
    // A client takes compressed frames on some of its connections.
    const socket = new PipeSocket(bufferBytes, bufferBytes !== 1)
    this.pod = pod
    this.#socket = socket
    this.#isFirstMessage = true
    const decoded = this.#cursor === null ? null : decodeCursor(this.#cursor)
    if (decoded !== null && !decoded.ok) return this.#report.complain(`a cursor that was given out cannot be read: ${this.#cursor}`)
    if (decoded !== null && pod.log.isBehind(decoded.value.offsets)) this.#report.see('ahead')
    pod.channel.join(socket, {
      principal: this.#principal,
      resume: decoded === null ? { kind: start } : { kind: 'cursor', cursor: decoded.value },
      cursors: this.#cursors,
      filter,
    })
    this.#report.see(decoded === null ? start : 'resumed')
    if (this.#cursor?.includes('.') === true) this.#report.see('resumed with short cursors')
  }

  /** A client whose filter a pod has no room for connects without one. */
  #filterFor(pod: Pod): Filter | null {
    const filter = filterOf(this.#narrowing)
    if (filter === null || pod.filters.limitFor(filter, this.#principal.userId) === null) return filter
    this.#report.see('without room')
    this.#narrowing = everything
    return null
  }

  /** The connection breaks: frames in the socket are gone. */
  cut(): void {
    this.#socket?.end()
    this.#socket = null
    this.pod = null
    this.#renewals = []
    this.#subscriptions = []
  }

  /** Asks for another narrowing, which holds from the cursor of the confirmation on. A refusal leaves the earlier one. */
  subscribe(narrowing: Narrowing): void {
    const session = this.#session()
    if (session === null || this.pod === null) return
    const subscribed = this.pod.channel.subscribe(session, filterOf(narrowing), 'frame')
    if (!subscribed.ok) return this.#report.see('filter refused')
    this.#subscriptions.push(narrowing)
    this.#report.see(session.isCatchingUp ? 'subscribed behind the head' : 'subscribed at the head')
  }

  /** Sends a fresh token of the same user. Its rights hold from the cursor of the confirmation on. */
  renewToken(changed: Partial<Principal>): void {
    const session = this.#session()
    if (session === null || this.pod === null) return
    const principal = { ...(this.#renewals.at(-1) ?? this.#principal), ...changed }
    this.#renewals.push(principal)
    this.pod.channel.renew(session, principal, { id: 'frame', expiresInMs: null })
    this.#report.see(session.isCatchingUp ? 'renewed behind the head' : 'renewed at the head')
  }

  #session(): Session | null {
    for (const session of this.pod?.channel.hub.sessions() ?? []) if (session.socket === this.#socket) return session
    return null
  }

  bookmark(): void {
    this.#session()?.bookmark()
  }

  receiveSome(bytes: number): void {
    const socket = this.#socket
    if (socket === null) return
    if (socket.isCongested) this.#report.see('congested')
    for (const line of socket.receive(bytes)) this.#receive(line)
  }

  #receive(line: string): void {
    const event = parseLine(line)
    if (!line.startsWith('{')) this.#report.see('compressed')
    if (event.cursor.startsWith('.')) this.#report.see(this.#cursors === 'short' ? 'short cursor' : 'short cursor unasked')
    const cursor = cursorAfter(this.#cursor, event.cursor)
    const decoded = decodeCursor(cursor ?? event.cursor)
    if (!decoded.ok) return this.#report.complain(`not a cursor: ${cursor} with ${line}`)
    const { offsets } = decoded.value
    const isGap = event.type === 'dev.carillon.gap'
    if (event.type === undefined) this.#deliver(event.partition, event.offset)
    else this.#report.see(event.type.replace('dev.carillon.', ''))
    if (event.type === 'dev.carillon.resumed') this.#report.see('replayed', event.data?.replayed ?? 0)
    if (isGap) this.#hearGap(event, decoded.value, line)
    else if (this.#expected !== null) this.#checkCovers(offsets, line)
    this.#checkDebt(decoded.value, line)
    this.#isFirstMessage = false
    this.#cursor = cursor
    this.#expected = [...offsets]
    if (event.type === 'dev.carillon.token-accepted') this.#principal = this.#renewals.shift() ?? this.#principal
    if (event.type === 'dev.carillon.subscribed') this.#narrowing = this.#subscriptions.shift() ?? this.#narrowing
  }

  /** A gap for records that the pod lost, while the client reads on, may skip those and no others. */
  #hearGap(event: Line, { offsets }: Cursor, line: string): void {
    this.#isOwedGap = false
    if (event.data?.reason !== 'log-lost') return
    this.#report.see('log-lost')
    if (!this.#isFirstMessage) this.#checkCovers(offsets, line)
    this.#isOwedGap = false
  }

  #checkDebt(cursor: Cursor, line: string): void {
    const saysSo = cursor.epochTag === pendingGapTagOf(epoch)
    if (saysSo) this.#report.see('owing')
    if (this.#isOwedGap && !saysSo)
      this.#report.complain(`${this.#principal.userId} must get a gap, but the cursor does not carry it: ${line}`)
  }

  #deliver(partition: number, offset: number): void {
    this.#report.see('delivered')
    const place = `${partition}/${offset}`
    if (this.#delivered.has(place)) this.#report.complain(`${this.#principal.userId} got ${place} twice`)
    this.#delivered.add(place)
    // A client that starts at the oldest event knows of none before its first.
    if (this.#expected === null) return
    const expected = this.#expected[partition] ?? 0
    const due = this.#unlessLost(partition, this.#dueOffsets(partition, expected, offset + 1))
    if (due.length !== 1 || due[0] !== offset)
      this.#report.complain(`${this.#principal.userId} got ${partition}/${offset}, expected ${JSON.stringify(due)} from ${expected}`)
    this.#expected[partition] = offset + 1
  }

  /** Returns the rest without the pod's lost records: for these the client must get a gap. */
  #unlessLost(partition: number, offsets: readonly number[]): readonly number[] {
    const left = offsets.filter((offset) => this.pod?.lost[partition]?.has(offset) !== true)
    if (left.length < offsets.length) {
      this.#isOwedGap = true
      this.#report.see('skipped')
    }
    return left
  }

  /** A cursor may not claim events that were not delivered, nor fall behind delivered ones. */
  #checkCovers(offsets: readonly number[], line: string): void {
    this.#expected?.forEach((expected, partition) => {
      const claimed = offsets[partition] ?? 0
      const due = this.#unlessLost(partition, this.#dueOffsets(partition, expected, claimed))
      if (due.length > 0) this.#report.complain(`${this.#principal.userId} got a cursor that skips ${partition}/${due.join()} with ${line}`)
      const repeated = this.#dueOffsets(partition, claimed, expected)
      if (repeated.length > 0)
        this.#report.complain(`${this.#principal.userId} got a cursor that repeats ${partition}/${repeated.join()} with ${line}`)
    })
  }

  #dueOffsets(partition: number, from: number, to: number): number[] {
    const mine = (record: TopicRecord): boolean =>
      record.audience !== null && matches(record.audience, this.#principal) && this.#narrowing.wants(record)
    return (this.#topic[partition] ?? [])
      .filter((record) => record.offset >= from && record.offset < to && mine(record))
      .map(({ offset }) => offset)
  }

  checkNothingIsMissing(): void {
    if (this.#expected === null) return this.#report.complain(`${this.#principal.userId} never got a cursor`)
    if (this.#isOwedGap) this.#report.complain(`${this.#principal.userId} never got its gap`)
    this.#expected.forEach((expected, partition) => {
      const due = this.#dueOffsets(partition, expected, Infinity)
      if (due.length > 0) this.#report.complain(`${this.#principal.userId} never got ${partition}/${due.join()}`)
    })
  }
}

function filterOf({ filters }: Narrowing): Filter | null {
  if (filters === null) return null
  const parsed = parseFilters(filters, { maxBytes: 1_000 })
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

interface Line {
  readonly type?: string
  readonly cursor: string
  readonly partition: number
  readonly offset: number
  readonly data?: { readonly replayed?: number; readonly reason?: string }
}

// This file and the control events make the lines, so their shape is known.
const parseLine = (line: string): Line =>
  JSON.parse(line.startsWith('{') ? line : inflateRawSync(Buffer.from(line, 'base64')).toString()) as Line

/** A socket that holds its frames until the client receives them. */
class PipeSocket implements Socket {
  readonly framing: Framing
  readonly #limit: number
  #held = ''
  #isCongested = false
  #handlers: SocketHandlers | null = null

  constructor(limit: number, isCompressed: boolean) {
    this.#limit = limit
    this.framing = isCompressed ? compressing : framing
  }

  get isCongested(): boolean {
    return this.#isCongested
  }

  write(frames: Buffer): boolean {
    this.#held += frames.toString()
    if (this.#held.length > this.#limit) this.#isCongested = true
    return !this.#isCongested
  }

  /** Returns whole lines of about this many bytes. */
  receive(bytes: number): readonly string[] {
    const end = this.#held.indexOf('\n', Math.min(bytes, this.#held.length) - 1)
    const received = end < 0 ? this.#held : this.#held.slice(0, end + 1)
    this.#held = this.#held.slice(received.length)
    if (this.#isCongested && this.#held.length <= this.#limit / 2) {
      this.#isCongested = false
      this.#handlers?.drained()
    }
    return received.split('\n').filter((line) => line !== '')
  }

  ping(): void {
    this.#handlers?.alive()
  }

  close(): void {
    this.end()
  }

  terminate(): void {
    this.end()
  }

  end(): void {
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.closed()
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }
}
