import fc from 'fast-check'
import type { Audience } from '../audience/audience.ts'
import type { Principal } from '../audience/principal.ts'
import type { Authenticator, VerifiedToken } from '../auth/authenticator.ts'
import type { LogRecord } from '../event/log-record.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { PublishFailure } from '../emit/event-publisher.ts'
import type { Session } from '../session/session.ts'
import { ControlReader } from '../revocation/control-reader.ts'
import { ControlUpkeep } from '../revocation/control-upkeep.ts'
import { createRevocationService, type RevocationService } from '../revocation/revocation-service.ts'
import { Revocations } from '../revocation/revocations.ts'
import { createRevokingAuthenticator } from '../revocation/revoking-authenticator.ts'
import type { Subject } from '../revocation/subject.ts'
import { type ChannelRig, createChannelRig, type RecordingSocket, rigPrincipal } from './channel-rig.ts'
import { createRecordingLogger } from './recording-logger.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

/**
 * Pods of one channel that follow one control topic, under random schedules of connects, new tokens, revocations, deliveries, compaction and
 * restarts. The real parts run against an oracle that knows only what was appended to the topic, and how far each pod has read (invariant G12).
 */

export type Step =
  /**
   * Begins to verify a token; `finish` ends it, and `join` opens the session. The revocations that arrive in between count.
   * `isOld`: the client returns with its first token of this kind.
   */
  | { readonly kind: 'connect'; readonly pod: number; readonly token: number; readonly isOld: boolean }
  | { readonly kind: 'renew'; readonly pod: number; readonly client: number; readonly token: number }
  | { readonly kind: 'finish'; readonly pod: number }
  | { readonly kind: 'join'; readonly pod: number }
  | { readonly kind: 'revoke'; readonly pod: number; readonly subject: number; readonly agoMs: number; readonly outcome: Outcome }
  /** Closes the sockets of revoked sessions. */
  | { readonly kind: 'close'; readonly pod: number }
  | { readonly kind: 'read'; readonly pod: number; readonly count: number }
  | { readonly kind: 'deliver'; readonly pod: number; readonly audience: number }
  | { readonly kind: 'restart'; readonly pod: number }
  | { readonly kind: 'maintain'; readonly pod: number }
  | { readonly kind: 'compact' }
  | { readonly kind: 'wait'; readonly ms: number }

/** What becomes of a write: acknowledged, in the topic without an acknowledgement, or not in the topic. */
type Outcome = 'acknowledged' | 'unknown' | 'refused'

const podCount = 2
const keepMs = 1_000
const startMs = 1_000_000
const subjects: readonly Subject[] = [
  { kind: 'user', name: 'ann' },
  { kind: 'user', name: 'bob' },
  { kind: 'organization', name: 'red' },
  { kind: 'token', name: 't-1' },
]
const audiences: readonly Partial<Audience>[] = [{ broadcast: true }, { users: ['ann'] }, { organizations: ['red'] }]

/** Tokens by index. The time of issue is relative to the time at which the client begins: some are older than revocations, some new. */
const tokens: readonly { readonly principal: Partial<Principal>; readonly agoMs: number | null }[] = [
  { principal: { userId: 'ann', organizationId: 'red', tokenId: 't-1' }, agoMs: 300 },
  { principal: { userId: 'ann', organizationId: 'blue', tokenId: 't-2' }, agoMs: 0 },
  { principal: { userId: 'bob', organizationId: 'red', tokenId: 't-3' }, agoMs: 100 },
  { principal: { userId: 'bob', organizationId: null }, agoMs: null },
  { principal: { userId: 'cid', organizationId: 'red' }, agoMs: 0 },
]

const index = (length: number): fc.Arbitrary<number> => fc.nat(length - 1)
const pod = index(podCount)

export const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('connect' as const), pod, token: index(tokens.length), isOld: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('renew' as const), pod, client: fc.nat(2), token: index(tokens.length) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('finish' as const), pod }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), pod }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('revoke' as const),
      pod,
      subject: index(subjects.length),
      agoMs: fc.constantFrom(0, 150, 250, 500),
      outcome: fc.constantFrom<Outcome>('acknowledged', 'acknowledged', 'acknowledged', 'unknown', 'refused'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), pod, count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), pod }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('deliver' as const), pod, audience: index(audiences.length) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), pod }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintain' as const), pod }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, keepMs) }) },
)

/** A revocation that is, or will be, in the topic. The oracle has a list of them. */
interface Appended {
  readonly subject: Subject
  readonly issuedBeforeMs: number
  readonly untilMs: number
  readonly offset: number
  /** Pods that acknowledged it, and so have applied it before they read it. */
  readonly appliedBy: Set<Pod>
}

interface Client {
  readonly session: Session
  readonly socket: RecordingSocket
  /** The principal of its last accepted token. */
  principal: Principal
}

interface Pod {
  readonly rig: ChannelRig
  readonly reader: ControlReader
  readonly upkeep: ControlUpkeep
  readonly service: RevocationService
  readonly authenticator: Authenticator
  /** Closes of sockets that wait for their turn. */
  readonly closes: (() => void)[]
  /** Ends of verifications that are under way. */
  readonly verifying: (() => void)[]
  /** Work that waits for them. */
  readonly pending: Promise<void>[]
  /** Sessions and rights that wait for the event loop, after their tokens were verified. */
  readonly admitted: (() => string | null)[]
  readonly clients: Client[]
  /** Next offset of the control topic. */
  position: number
}

/** Runs a schedule. @returns the first fault in words; null: none */
export async function simulate(steps: readonly Step[]): Promise<string | null> {
  const world = new World()
  for (const [at, step] of steps.entries()) {
    const fault = await world.take(step)
    if (fault !== null) return `step ${at} (${JSON.stringify(step)}): ${fault}`
  }
  return world.finish()
}

class World {
  nowMs = startMs
  /** Records by offset; null: compaction removed it. */
  #topic: (LogRecord | null)[] = []
  readonly #appended: Appended[] = []
  readonly #pods: Pod[]
  #events = 0
  #outcome: Outcome = 'acknowledged'
  /** The revocation whose record is written next. */
  #asked: Omit<Appended, 'offset' | 'appliedBy'> | null = null

  constructor() {
    this.#pods = Array.from({ length: podCount }, () => this.#startPod())
  }

  async take(step: Step): Promise<string | null> {
    switch (step.kind) {
      case 'connect':
        return this.#connect(this.#pod(step.pod), this.#token(step.token, step.isOld))
      case 'renew':
        return this.#renew(this.#pod(step.pod), step.client, step.token)
      case 'finish':
        return this.#finishVerifications(this.#pod(step.pod))
      case 'join':
        return this.#join(this.#pod(step.pod))
      case 'revoke':
        return this.#revoke(this.#pod(step.pod), step)
      case 'close':
        return this.#close(this.#pod(step.pod))
      case 'read':
        return this.#read(this.#pod(step.pod), step.count)
      case 'deliver':
        return this.#deliver(this.#pod(step.pod), audiences[step.audience] ?? {})
      case 'restart':
        return this.#restart(step.pod)
      case 'maintain':
        return this.#maintain(this.#pod(step.pod))
      case 'compact':
        return this.#compact()
      case 'wait':
        return this.#wait(step.ms)
    }
  }

  /** Handshakes take seconds at most, and revocations are kept for a minute at least. So none that is under way sees one end. */
  async #wait(ms: number): Promise<string | null> {
    for (const one of this.#pods) {
      const fault = (await this.#finishVerifications(one)) ?? this.#join(one)
      if (fault !== null) return fault
    }
    this.nowMs += ms
    for (const one of this.#pods) for (const client of one.clients) this.#expire(client)
    return null
  }

  /** Ends a session at the end that its token was given, as the upkeep of sessions does. */
  #expire({ session, principal: { issuedAtMs } }: Client): void {
    if (issuedAtMs !== null && issuedAtMs + keepMs <= this.nowMs) session.close('tokenExpired')
  }

  /** Everybody reads everything, and gets one event. */
  async finish(): Promise<string | null> {
    for (const one of this.#pods) {
      await this.#finishVerifications(one)
      this.#read(one, Infinity)
      const unfit = this.#join(one)
      if (unfit !== null) return `at the end: ${unfit}`
      const fault = this.#close(one) ?? (await this.#deliver(one, { broadcast: true }))
      if (fault !== null) return `at the end: ${fault}`
    }
    return null
  }

  // ---- clients

  #token(at: number, isOld = false): VerifiedToken {
    const { principal, agoMs } = tokens[at] ?? { principal: {}, agoMs: null }
    const issued = { principal: rigPrincipal({ ...principal, issuedAtMs: agoMs === null ? null : this.nowMs - agoMs }), scopes: [] }
    const first = this.#firstTokens.get(at) ?? issued
    this.#firstTokens.set(at, first)
    return isOld ? first : issued
  }

  readonly #firstTokens = new Map<number, VerifiedToken>()

  #connect(one: Pod, verified: VerifiedToken): null {
    this.#verify(one, verified, (principal) => {
      const { session, socket } = one.rig.connect(principal)
      one.clients.push({ session, socket, principal })
      return this.#isSurelyRevoked(one, principal) && !session.isClosed ? 'a session was opened for a revoked token' : null
    })
    return null
  }

  #renew(one: Pod, at: number, token: number): null {
    const client = one.clients[at]
    const verified = this.#token(token)
    if (client === undefined || verified.principal.userId !== client.principal.userId) return null
    this.#verify(one, verified, (principal) => {
      if (client.session.isClosed) return null
      one.rig.channel.renew(client.session, principal, { id: 'r', expiresInMs: null })
      // A token that was revoked since it was verified ends the session: from here on the client is who that token says.
      client.principal = principal
      return null
    })
    return null
  }

  #faults: string[] = []

  #verify(one: Pod, verified: VerifiedToken, then: (principal: Principal) => string | null): void {
    this.#verified = verified
    const outcome = one.authenticator.authenticate('a token')
    one.pending.push(
      (async () => {
        const result = await outcome
        // The rig has the clock of the machine, and would end these sessions.
        if (result.ok) one.admitted.push(() => then({ ...result.value.principal, expiresAtMs: null }))
        else this.#faults.push(...this.#checkRefusal(verified.principal))
      })(),
    )
  }

  #verified: VerifiedToken = { principal: rigPrincipal(), scopes: [] }

  #checkRefusal(principal: Principal): readonly string[] {
    const isOld = principal.issuedAtMs !== null && principal.issuedAtMs + keepMs <= this.nowMs
    return isOld || this.#mayBeRevoked(principal) ? [] : ['a token that nobody revoked was refused']
  }

  #join(one: Pod): string | null {
    for (const open of one.admitted.splice(0)) {
      const fault = open()
      if (fault !== null) return fault
    }
    return null
  }

  async #finishVerifications(one: Pod): Promise<string | null> {
    for (const end of one.verifying.splice(0)) end()
    await Promise.all(one.pending.splice(0))
    return this.#faults[0] ?? null
  }

  #close(one: Pod): string | null {
    while (one.closes.length > 0) one.closes.shift()?.()
    const isOpen = ({ session, socket, principal }: Client): boolean =>
      this.#isSurelyRevoked(one, principal) && (!session.isClosed || socket.closedWith === null)
    return one.clients.some(isOpen) ? 'the socket of a revoked client is open' : null
  }

  // ---- revocations

  async #revoke(one: Pod, { subject: at, agoMs, outcome }: Step & { readonly kind: 'revoke' }): Promise<string | null> {
    const subject = subjects[at]
    if (subject === undefined) return null
    const issuedBeforeMs = this.nowMs - agoMs
    this.#outcome = outcome
    this.#asked = { subject, issuedBeforeMs, untilMs: this.nowMs + keepMs }
    const result = await one.service.revoke(
      { subjects: [subject], issuedBeforeMs },
      { by: { kind: 'jwt', subject: 'jwt:root' }, requestId: 'r' },
    )
    this.#asked = null
    this.#outcome = 'acknowledged'
    if (result.ok !== (outcome === 'acknowledged')) return `the answer to a revocation was wrong: ${JSON.stringify(result)}`
    if (result.ok) this.#appended.at(-1)?.appliedBy.add(one)
    return null
  }

  async #publish(records: readonly OutgoingRecord[]): Promise<Result<void, PublishFailure>> {
    if (this.#outcome === 'refused') return failed({ kind: 'refused', detail: '', isPartial: false })
    for (const { key, value } of records) {
      const offset = this.#topic.length
      this.#topic.push({ partition: 0, offset, timestampMs: this.nowMs, key: Buffer.from(key ?? ''), value, headers: {} })
      if (this.#asked !== null) this.#appended.push({ ...this.#asked, offset, appliedBy: new Set() })
    }
    return this.#outcome === 'unknown' ? failed({ kind: 'timeout', detail: '' }) : ok(undefined)
  }

  #read(one: Pod, count: number): null {
    const records = this.#topic.slice(one.position, one.position + count).filter((record) => record !== null)
    one.position = Math.min(this.#topic.length, one.position + count)
    if (records.length > 0) one.reader.records(records, one.position)
    else if (one.position > 0) one.reader.skipped(0, one.position)
    return null
  }

  async #maintain(one: Pod): Promise<null> {
    this.#read(one, Infinity)
    await one.upkeep.round()
    return null
  }

  /**
   * Keeps the last record of each subject. The brokers do this hours after a record was written (`min.compaction.lag.ms`), so the pods have had time
   * to read it and to mend what was weakened.
   */
  async #compact(): Promise<null> {
    for (const one of this.#pods) await this.#maintain(one)
    for (const one of this.#pods) this.#read(one, Infinity)
    const last = new Map(this.#topic.map((record, offset) => [String(record?.key), offset]))
    this.#topic = this.#topic.map((record, offset) => (last.get(String(record?.key)) === offset ? record : null))
    return null
  }

  // ---- deliveries

  async #deliver(one: Pod, audience: Partial<Audience>): Promise<string | null> {
    this.#events += 1
    const id = `event-${this.#events}`
    const expected = one.clients.map((client) => ({
      client,
      isFor: matches(audience, client.principal),
      mustNot: this.#isSurelyRevoked(one, client.principal),
      may: this.#mayBeRevoked(client.principal),
      isOver: client.session.closedWith === 'tokenExpired',
    }))
    await one.rig.publish({ id, audience })
    for (const { client, isFor, mustNot, may, isOver } of expected) {
      const got = client.socket.received.some((event) => event.id === id)
      if (got && mustNot) return `an event reached ${client.principal.userId}, whose token was revoked`
      if (got && !isFor) return 'an event reached a client outside of its audience'
      if (!got && isFor && !may && !isOver) return `an event did not reach ${client.principal.userId}, whose token nobody revoked`
    }
    return null
  }

  /** The oracle. @returns true: the pod has applied a revocation of this token */
  #isSurelyRevoked(one: Pod, principal: Principal): boolean {
    return this.#appended.some(
      (revocation) => (revocation.appliedBy.has(one) || revocation.offset < one.position) && this.#revokes(revocation, principal),
    )
  }

  /** Returns true if some revocation names this token, whether a pod has read it or not, and whether it has ended or not. */
  #mayBeRevoked(principal: Principal): boolean {
    return this.#appended.some((revocation) => names(revocation, principal))
  }

  /** A token that says when it was issued stays revoked for ever: when the revocation ends, the token has ended as well. */
  #revokes(revocation: Appended, principal: Principal): boolean {
    const isEarlier = (principal.issuedAtMs ?? Infinity) < revocation.issuedBeforeMs
    return (revocation.untilMs > this.nowMs || isEarlier) && names(revocation, principal)
  }

  // ---- pods

  #pod(at: number): Pod {
    const found = this.#pods[at]
    if (found === undefined) throw new RangeError(`there is no pod ${at}`)
    return found
  }

  #restart(at: number): null {
    const fresh = this.#startPod()
    this.#read(fresh, Infinity)
    this.#pods[at] = fresh
    return null
  }

  #startPod(): Pod {
    const now = (): number => this.nowMs
    const closes: (() => void)[] = []
    const revocations = new Revocations({ maxEntries: 1_000, now })
    const rig = createChannelRig({
      isRevoked: (principal) => revocations.matches(principal),
      closeLater: (run) => void closes.push(run),
    })
    const { metrics } = createRecordingMetrics()
    const { logger } = createRecordingLogger()
    const publisher = { publish: (records: readonly OutgoingRecord[]) => this.#publish(records) }
    const revoked = (those: readonly Subject[]): void => rig.channel.revoke(those)
    const observer = { caughtUp: () => {}, health: () => {}, overflowed: () => {} }
    const reader = new ControlReader({ revocations, revoked, observer, metrics, logger })
    reader.opened({ epoch: 'e', startOffsets: [0], endOffsets: [this.#topic.length] })
    const verifying: (() => void)[] = []
    const inner: Authenticator = {
      authenticate: () => {
        const verified = this.#verified
        return new Promise((resolve) => verifying.push(() => resolve(ok(verified))))
      },
    }
    return {
      rig,
      reader,
      upkeep: new ControlUpkeep({ revocations, reader, publisher, timeoutMs: 1, logger, now, random: () => 0 }),
      service: createRevocationService({
        publisher,
        revocations,
        revoked,
        rateLimiter: { take: () => 0 },
        maxRevocations: 500,
        keepMs,
        timeoutMs: 1,
        logger,
        now,
        clock: now,
      }),
      authenticator: createRevokingAuthenticator({
        authenticator: inner,
        revocations,
        hasRead: () => reader.hasRead,
        keepMs,
        toleranceMs: 0,
        metrics,
        now,
      }),
      closes,
      verifying,
      pending: [],
      admitted: [],
      clients: [],
      position: 0,
    }
  }
}

/** The law of revocations, written again: which tokens one names. */
function names({ subject, issuedBeforeMs }: Appended, principal: Principal): boolean {
  if (subject.kind === 'token') return principal.tokenId === subject.name
  const isOf = subject.kind === 'user' ? principal.userId === subject.name : principal.organizationId === subject.name
  return isOf && (principal.issuedAtMs ?? -Infinity) < issuedBeforeMs
}

function matches({ broadcast = false, users = [], organizations = [] }: Partial<Audience>, principal: Principal): boolean {
  return broadcast || users.includes(principal.userId) || organizations.includes(principal.organizationId ?? '')
}
