import { ruleDefaults, type AcceptRule } from '../config/accept-rule.ts'
import type { EventPublisher, PublishFailure } from '../emit/event-publisher.ts'
import { createRateLimiter } from '../emit/rate-limiter.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { createInbound } from '../inbound/inbound.ts'
import { disabledTracer } from '../observability/disabled-tracer.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { createUpstream } from '../upstream/upstream.ts'
import { createChannelRig, type ChannelRig, type RecordingSocket } from './channel-rig.ts'
import { createRecordingLogger } from './recording-logger.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

/**
 * Two topics, a few pods, and clients that send, lose their connections, and send again as docs/protocol.md says. A tape of numbers drives them: the
 * same tape gives the same run. The oracle knows the topics and what each client was told. `complaints` lists the breaches of G10.
 */
export async function runSendSimulation(tape: readonly number[]): Promise<SendSimulation> {
  const simulation = new Simulation(tape)
  await simulation.run()
  return simulation
}

export interface SendSimulation {
  readonly complaints: readonly string[]
  /** How often each kind of thing happened. */
  readonly seen: Readonly<Record<string, number>>
}

const windowMs = 60_000
const channel = 'simulated'
const users = ['ann', 'bob'] as const
const types = { none: 'note', self: 'draft', organization: 'chat' } as const
type Target = keyof typeof types
const targets = ['none', 'self', 'organization'] as const

const rules = targets.map((deliverTo): AcceptRule => ({
  ...ruleDefaults,
  match: { kind: 'exact', text: types[deliverTo] },
  roles: null,
  schema: null,
  deliverTo,
  ratePerUser: 2,
  burst: 3,
}))

/** Lets every promise that can go on do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class Simulation implements SendSimulation {
  readonly complaints: string[] = []
  readonly seen: Record<string, number> = {}
  readonly #tape: readonly number[]
  #at = 0
  #nowMs = 1_000_000
  readonly #upstream: Topic
  readonly #delivery: Topic
  readonly #pods: Pod[]
  readonly #clients: Client[]

  constructor(tape: readonly number[]) {
    this.#tape = tape
    const report = { complain: (text: string) => void this.complaints.push(text), see: (what: string) => this.#see(what) }
    this.#upstream = new Topic()
    this.#delivery = new Topic()
    this.#delivery.appending = (record) => {
      if (!this.#upstream.has(nameOf(record))) report.complain(`${nameOf(record)} is delivered before the upstream topic has it`)
    }
    this.#pods = [this.#newPod(), this.#newPod()]
    // Two connections of one user, and one of another.
    this.#clients = [users[0], users[0], users[1]].map(
      (user, index) => new Client(`c${index}`, user, { upstream: this.#upstream, delivery: this.#delivery }, report),
    )
  }

  async run(): Promise<void> {
    while (this.#at < this.#tape.length) {
      this.#step()
      await settled()
      for (const client of this.#clients) client.hear()
    }
    await this.#finish()
  }

  #see(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1
  }

  /** Returns a number in [0, below), from the tape. */
  #pick(below: number): number {
    const number = this.#tape[this.#at] ?? 0
    this.#at += 1
    return number % below
  }

  #step(): void {
    const choice = this.#pick(100)
    const client = this.#clients[this.#pick(this.#clients.length)]
    const pod = this.#pods[this.#pick(this.#pods.length)]
    if (client === undefined || pod === undefined) return
    if (choice < 25) client.sendNew(targets[this.#pick(targets.length)] ?? 'none')
    else if (choice < 40) client.sendAgain(this.#pick(8))
    else if (choice < 48) this.#borrow(client)
    else if (choice < 75) this.#settle(this.#pick(2) === 0 ? this.#upstream : this.#delivery)
    else if (choice < 88) client.connectOrCut(pod)
    else if (choice < 92) this.#restart(this.#pick(this.#pods.length))
    else this.#nowMs += [200, 2_000, 20_000, 70_000][this.#pick(4)] ?? 0
  }

  /** One tab sends what another tab of the user has in its outbox, as tabs with a shared outbox do. */
  #borrow(client: Client): void {
    const other = this.#clients.find((each) => each !== client && each.user === client.user)
    if (other !== undefined) client.sendFor(other)
  }

  /** The brokers decide what becomes of a publish: mostly in order, and not always well. */
  #settle(topic: Topic): void {
    const outcomes = ['acked', 'acked', 'acked', 'acked', 'lost', 'late', 'unavailable', 'refused'] as const
    const outcome = outcomes[this.#pick(outcomes.length)] ?? 'acked'
    if (topic.settleNext(outcome)) this.#see(outcome)
  }

  #restart(index: number): void {
    const old = this.#pods[index]
    for (const client of this.#clients) if (client.pod === old) client.cut()
    this.#pods[index] = this.#newPod()
    this.#see('restarted')
  }

  /** All is well again: each client sends what is not acknowledged until it knows the outcome of everything. */
  async #finish(): Promise<void> {
    const settleAll = async (): Promise<void> => {
      while (this.#upstream.settleNext('acked') || this.#delivery.settleNext('acked')) await settled()
    }
    await settleAll()
    this.#clients.forEach((client, index) => {
      client.hear()
      client.cut()
      client.connectOrCut(this.#pods[index % 2] ?? this.#newPod())
    })
    for (let round = 0; round < 400 && this.#clients.some((client) => client.hasWork); round += 1) {
      this.#nowMs += 1_000
      for (const client of this.#clients) client.sendAgain(0)
      await settled()
      await settleAll()
      for (const client of this.#clients) client.hear()
    }
    for (const client of this.#clients) client.checkOutcomes()
  }

  #newPod(): Pod {
    return new Pod(this.#upstream, this.#delivery, () => this.#nowMs, {
      complain: (text) => void this.complaints.push(text),
      see: (what) => this.#see(what),
    })
  }
}

interface Report {
  complain(text: string): void
  see(what: string): void
}

type Outcome = 'acked' | 'lost' | 'late' | 'unavailable' | 'refused'

interface Pending {
  readonly record: OutgoingRecord
  resolve(outcome: Result<void, PublishFailure>): void
  readonly pod: Pod
}

const nameOf = ({ headers }: OutgoingRecord): string => `${headers['ce_source']} ${headers['ce_id']}`

/** A topic whose brokers acknowledge, refuse, or lose what the tape says. */
class Topic {
  readonly #records = new Map<string, OutgoingRecord[]>()
  readonly #pending: Pending[] = []
  /** Records that come to the topic after their publish has failed. */
  readonly #late: OutgoingRecord[] = []
  appending: (record: OutgoingRecord) => void = () => {}

  has(name: string): boolean {
    return this.#records.has(name)
  }

  recordsOf(name: string): readonly OutgoingRecord[] {
    return this.#records.get(name) ?? []
  }

  publisher(pod: Pod): Pick<EventPublisher, 'publish'> {
    return {
      publish: ([record]) =>
        new Promise((resolve) => {
          if (record !== undefined) this.#pending.push({ record, resolve, pod })
        }),
    }
  }

  settleNext(outcome: Outcome): boolean {
    const late = this.#late.shift()
    if (late !== undefined) this.#append(late)
    const next = this.#pending.shift()
    if (next === undefined) return late !== undefined
    if (outcome === 'acked' || outcome === 'lost') this.#append(next.record)
    if (outcome === 'late') this.#late.push(next.record)
    if (outcome === 'acked') next.pod.acknowledged(nameOf(next.record), this)
    next.resolve(outcome === 'acked' ? ok(undefined) : failed(failureOf(outcome)))
    return true
  }

  #append(record: OutgoingRecord): void {
    this.appending(record)
    this.#records.set(nameOf(record), [...this.recordsOf(nameOf(record)), record])
  }
}

function failureOf(outcome: Exclude<Outcome, 'acked'>): PublishFailure {
  if (outcome === 'refused') return { kind: 'refused', detail: 'for the test', isPartial: false }
  return { kind: outcome === 'unavailable' ? 'unavailable' : 'timeout', detail: 'for the test' }
}

/** The real parts of a gateway that a send goes through. */
class Pod {
  readonly rig: ChannelRig
  readonly #now: () => number
  readonly #report: Report
  readonly #upstream: Topic
  /** When the brokers acknowledged a record of the upstream topic to this pod. */
  readonly #acknowledgedAtMs = new Map<string, number>()

  constructor(upstream: Topic, delivery: Topic, now: () => number, report: Report) {
    this.#now = now
    this.#report = report
    this.#upstream = upstream
    const { logger } = createRecordingLogger()
    const { metrics } = createRecordingMetrics()
    const publisher = upstream.publisher(this)
    const send = createUpstream({
      channel,
      rules,
      compile: () => () => null,
      upstream: {
        publish: (records, options) => {
          for (const record of records) this.#writes(nameOf(record))
          return publisher.publish(records, options)
        },
      },
      delivery: delivery.publisher(this),
      topic: 'simulated.upstream',
      maxInFlight: 8,
      timeoutMs: 1_000,
      recent: { windowMs, maxIds: 100_000 },
      isDevelopment: false,
      tracer: disabledTracer,
      logger,
      metrics,
      clock: now,
      now,
    })
    const { receive } = createInbound({
      commands: new Map(),
      send,
      rateLimiter: createRateLimiter({ ratePerS: 1_000, burst: 1_000, now: now() }),
      metrics,
      logger,
      clock: now,
    })
    this.rig = createChannelRig({}, undefined, undefined, receive)
  }

  acknowledged(name: string, topic: Topic): void {
    if (topic === this.#upstream) this.#acknowledgedAtMs.set(name, this.#now())
  }

  /** A pod that was told that a record is in the topic does not write it again within the window. */
  #writes(name: string): void {
    const atMs = this.#acknowledgedAtMs.get(name)
    if (atMs !== undefined && this.#now() - atMs < windowMs) this.#report.complain(`${name} is written twice by a pod`)
    if (this.#upstream.has(name)) this.#report.see('written again')
  }
}

interface Draft {
  readonly id: string
  readonly target: Target
  readonly content: string
  /** unsent: to be sent again; sent: waits for its answer; acked, refused: the client knows the outcome. */
  state: 'unsent' | 'sent' | 'acked' | 'refused'
}

/** A client as the protocol describes it: it keeps an event until it knows what became of it. */
class Client {
  pod: Pod | null = null
  readonly user: string
  readonly #name: string
  readonly #upstream: Topic
  readonly #delivery: Topic
  readonly #report: Report
  readonly #outbox = new Map<string, Draft>()
  #socket: RecordingSocket | null = null
  #heard = 0

  constructor(name: string, user: string, { upstream, delivery }: { readonly upstream: Topic; readonly delivery: Topic }, report: Report) {
    this.#name = name
    this.user = user
    this.#upstream = upstream
    this.#delivery = delivery
    this.#report = report
  }

  get hasWork(): boolean {
    return [...this.#outbox.values()].some(({ state }) => state === 'unsent' || state === 'sent')
  }

  connectOrCut(pod: Pod): void {
    if (this.#socket !== null) return this.cut()
    const { socket } = pod.rig.connect({ userId: this.user, organizationId: 'red' })
    this.#socket = socket
    this.#heard = 0
    this.pod = pod
  }

  /** The connection breaks. Answers on their way are gone. */
  cut(): void {
    this.#socket?.leave()
    this.#socket = null
    this.pod = null
    for (const draft of this.#outbox.values()) if (draft.state === 'sent') draft.state = 'unsent'
  }

  sendNew(target: Target): void {
    const id = `${this.#name}-${this.#outbox.size}`
    const draft: Draft = { id, target, content: `"${id}"`, state: 'unsent' }
    this.#outbox.set(id, draft)
    this.#send(draft)
  }

  /** Sends what has no outcome; and sometimes one that is acknowledged, as a client does that has lost its memory. */
  sendAgain(which: number): void {
    const drafts = [...this.#outbox.values()]
    const done = drafts.filter(({ state }) => state === 'acked')
    if (which === 7 && done.length > 0) this.#write(done.at(-1))
    for (const draft of drafts) if (draft.state === 'unsent') this.#send(draft)
  }

  /** Sends the last event of another tab. The answer here is not the other's. */
  sendFor(other: Client): void {
    const drafts = [...other.#outbox.values()]
    const draft = drafts.findLast(({ state }) => state === 'sent') ?? drafts.at(-1)
    if (draft !== undefined && this.#socket !== null)
      this.#report.see(draft.state === 'sent' ? 'sent twice at once' : 'sent by another tab')
    this.#write(draft)
  }

  #send(draft: Draft): void {
    if (this.#socket === null) return
    draft.state = 'sent'
    this.#write(draft)
  }

  #write(draft: Draft | undefined): void {
    if (draft === undefined) return
    const { id, target, content } = draft
    this.#socket?.send({ specversion: '1.0', id, source: `/${this.#name}`, type: types[target], data: JSON.parse(content) })
  }

  hear(): void {
    const writes = this.#socket?.writes ?? []
    for (const { type, data } of writes.slice(this.#heard).flatMap(parseLines)) {
      const id = String(data?.['id'])
      if (type === 'dev.carillon.ack') this.#acknowledged(id)
      else if (type === 'dev.carillon.nack') this.#refused(id, data ?? {})
    }
    this.#heard = writes.length
  }

  #acknowledged(id: string): void {
    this.#report.see('ack')
    const name = this.#recordName(id)
    if (!this.#upstream.has(name)) this.#report.complain(`${name} is acknowledged, and not in the upstream topic`)
    const draft = this.#outbox.get(id)
    if (draft === undefined) return
    if (draft.target !== 'none' && !this.#delivery.has(name)) this.#report.complain(`${name} is acknowledged, and not delivered`)
    draft.state = 'acked'
  }

  #refused(id: string, { type, retryAfterMs }: Readonly<Record<string, unknown>>): void {
    const problem = String(type).replace('urn:carillon:problem:', '')
    this.#report.see(problem)
    const isExpected = ['too-many-requests', 'overloaded', 'not-acknowledged', 'refused-by-log'].includes(problem)
    if (!isExpected) this.#report.complain(`${id} is refused: ${problem}`)
    const draft = this.#outbox.get(id)
    if (draft?.state === 'sent') draft.state = retryAfterMs === undefined ? 'refused' : 'unsent'
  }

  #recordName(id: string): string {
    return `urn:carillon:channel:${channel}:user:${this.user} ${id}`
  }

  /** The client knows the outcome of everything, and what was acknowledged is there, once for a reader that suppresses duplicates. */
  checkOutcomes(): void {
    for (const { id, state, content, target } of this.#outbox.values()) {
      const name = this.#recordName(id)
      if (state === 'unsent' || state === 'sent') this.#report.complain(`${name} never got an answer: ${state}`)
      if (state !== 'acked') continue
      const written = this.#upstream.recordsOf(name)
      if (written.length === 0) this.#report.complain(`${name} is lost`)
      for (const { key, value, headers } of written)
        if (key !== this.user || String(value) !== content || headers['ce_authid'] !== this.user || headers['ce_audience'] !== undefined)
          this.#report.complain(`${name} is written as ${key} ${String(value)} ${JSON.stringify(headers)}`)
      const audience = { none: null, self: '{"users":["ann"]}'.replace('ann', this.user), organization: '{"organizations":["red"]}' }[
        target
      ]
      const delivered = this.#delivery.recordsOf(name)
      if (delivered.some(({ headers }) => headers['ce_audience'] !== audience) || (audience === null) !== (delivered.length === 0))
        this.#report.complain(`${name} is delivered to ${delivered.map(({ headers }) => headers['ce_audience']).join()}`)
    }
  }
}

interface Line {
  readonly type?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** The frames of the rig's sockets are lines of JSON, which the control events make. */
const parseLines = (frames: Buffer): readonly Line[] =>
  String(frames)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
