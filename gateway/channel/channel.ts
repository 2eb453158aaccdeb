import { keysOf } from '../audience/audience-keys.ts'
import type { Principal } from '../audience/principal.ts'
import type { Filter } from '../filter/filter.ts'
import type { FilterLimit, InternedFilter, InternedFilters } from '../filter/intern.ts'
import type { LogFields, Logger } from '../../program/log/logger.ts'
import { ok, type Result } from '../../program/result.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { LogStart, PartitionOffsets } from '../replay/record-source.ts'
import type { AppendedEvent, ReplayLog } from '../replay/replay-log.ts'
import type { CursorForm, Entry } from '../replay/entry.ts'
import type { CloseCode } from '../session/close-codes.ts'
import type { ControlEvent, TokenAnswer } from '../session/control-events.ts'
import type { Joining, Resume } from '../session/handshake.ts'
import type { Subject } from '../revocation/subject.ts'
import { refusals } from '../session/refusals.ts'
import { Session, type SharedBySessions } from '../session/session.ts'
import { newSessionId } from '../session/session-id.ts'
import type { Socket } from '../session/socket.ts'
import type { FanOut } from './fan-out.ts'
import { type SessionEvents, SessionHandlers } from './session-handlers.ts'
import type { Hub } from './hub.ts'
import type { RevokedSessions } from './revoked-sessions.ts'
import type { Upkeep } from './upkeep.ts'

/** The pod's side of a channel: its replay log, its sessions, and the effects of a new entry or session. All of it is synchronous. */
export class Channel {
  readonly log: ReplayLog
  readonly hub: Hub
  readonly filters: InternedFilters
  readonly #parts: ChannelParts
  /** Sessions whose cursor is beyond this pod's positions, and the count of reports of the topic's ends that did not explain it. */
  readonly #ahead = new Map<Session, number>()
  /** Losses that are not announced: the offset below which they lie, by partition. */
  readonly #lostBelow = new Map<number, number>()

  /** What the sockets of all sessions call: one object, so that a session holds no closures. */
  readonly #sessionEvents: SessionEvents = {
    drained: (session) => {
      session.drained()
      this.#parts.fanOut.enqueue(session)
    },
    alive: (session) => this.#parts.upkeep.alive(session),
    received: (session, text) => this.#parts.received(session, text),
    closed: (session, limit) => this.#leave(session, limit ?? 'peer'),
  }

  constructor(parts: ChannelParts) {
    this.#parts = parts
    this.log = parts.log
    this.hub = parts.hub
    this.filters = parts.filters
  }

  // ---- sessions

  /** Returns the reason why no client is accepted now; null: clients are accepted. */
  closedBecause(): 'notReady' | 'draining' | null {
    return this.#parts.closedBecause()
  }

  /** Returns the limit that one more connection of this user would break; null: there is room. */
  limitFor(userId: string): 'overloaded' | 'tooManyConnections' | null {
    if (this.hub.size >= this.#parts.limits.maxConnections) return 'overloaded'
    if (this.hub.countOf(userId) >= this.#parts.limits.maxConnectionsPerUser) return 'tooManyConnections'
    return null
  }

  /**
   * Makes the session of an admitted client (step 9 of the handshake). It misses no event from here on, because finding its place and
   * joining the hub are one step. Closes it at once if the pod stopped accepting clients, or filled up, after admission.
   */
  join(socket: Socket, { principal, resume, cursors = 'full', filter = null, ticket = null }: Joining): Session {
    const interned = filter === null ? ok(null) : this.filters.acquire(filter, principal.userId)
    const refused = this.closedBecause() ?? this.limitFor(principal.userId) ?? (interned.ok ? null : interned.error)
    const isRevoked = this.#parts.isRevoked(principal)
    const session = this.#open(socket, {
      principal,
      resume: isRevoked ? plain : resume,
      cursors,
      filter: interned.ok ? interned.value : null,
      ticket,
    })
    // Revoked after it was verified: the client gets nothing.
    if (isRevoked) session.close('revoked')
    else if (refused !== null) session.close(refusals[refused].close)
    return session
  }

  #open(socket: Socket, { principal, resume, cursors, filter, ticket }: Opening): Session {
    const id = resume.kind === 'plain' ? null : newSessionId()
    const session = new Session({ socket, principal, id, filter, cursors, ticket: id === null ? null : ticket, shared: this.#parts.shared })
    socket.attach(new SessionHandlers(session, this.#sessionEvents))
    this.hub.add(session)
    this.#parts.upkeep.add(session)
    this.#parts.metrics.sessions.add(1, { transport: socket.framing.kind })
    this.#parts.metrics.sessionsOpened.add(1, { transport: socket.framing.kind })
    this.#parts.logger.debug({ ...describeUser(session), resume: resume.kind }, 'session opened')
    this.#place(session, resume)
    return session
  }

  /**
   * Gives a session the rights of a new token of the same user. They hold from the session's place on, which the confirmation names.
   * @returns the confirmation as JSON, which the client has got; null: it gets none, because it is plain or closed
   */
  renew(session: Session, principal: Principal, answer: TokenAnswer): Buffer | null {
    if (session.isClosed) return null
    if (this.#parts.isRevoked(principal)) {
      session.close('revoked')
      return null
    }
    this.hub.replacePrincipal(session, principal)
    this.#parts.upkeep.renewed(session)
    return session.confirm({ type: 'dev.carillon.token-accepted', data: answer })
  }

  /**
   * Gives a session another filter. It holds from the session's place on, which the confirmation names. If there is no room for it, the earlier
   * one stays. @param filter null: the session gets all events for it
   * @param id the id of the client's frame
   * @returns as `renew`, or the limit that the filter would break
   */
  subscribe(session: Session, filter: Filter | null, id: string): Result<Buffer | null, FilterLimit> {
    if (session.isClosed) return ok(null)
    const exchanged = this.filters.exchange(session.filter, filter, session.principal.userId)
    if (!exchanged.ok) return exchanged
    session.replaceFilter(exchanged.value)
    return ok(session.confirm({ type: 'dev.carillon.subscribed', data: { id } }))
  }

  /** Returns a control event without a place as JSON: the answer to a frame that came over HTTP. */
  describe(event: ControlEvent): Buffer {
    return this.#parts.shared.control(event, null)
  }

  /**
   * Ends all sessions whose tokens are revoked now. Nothing reaches them any more when this returns; their sockets are closed in turns.
   * @param subjects those of which more tokens are revoked than before
   */
  revoke(subjects: readonly Subject[]): void {
    const { isRevoked, revokedSessions } = this.#parts
    const named = (wanted: Subject['kind']): readonly string[] => subjects.flatMap(({ kind, name }) => (kind === wanted ? [name] : []))
    const matching = new Set<Session>()
    const check = (session: Session): void => {
      if (isRevoked(session.principal)) matching.add(session)
    }
    this.hub.select({ broadcast: false, users: named('user'), usernames: [], organizations: named('organization'), roles: [] }, check)
    // There is no index of token ids: one look at all sessions, however many tokens are named.
    if (subjects.some(({ kind }) => kind === 'token')) for (const session of this.hub.sessions()) check(session)
    revokedSessions.end(matching)
  }

  #place(session: Session, resume: Resume): void {
    if (resume.kind === 'plain' || resume.kind === 'latest') return session.beginLive()
    this.#parts.metrics.resumes.add(1)
    if (resume.kind === 'earliest') {
      session.resumeFromOldest()
      return this.#parts.fanOut.enqueue(session)
    }
    if (resume.kind === 'unusable') return session.loseEvents('epoch', null)
    const place = this.log.locate(resume.cursor)
    switch (place.kind) {
      case 'found':
        session.resumeFrom(place.fromSeq, resume.cursor.offsets)
        this.#watch(session)
        return this.#parts.fanOut.enqueue(session)
      case 'too-old':
        session.loseEvents('too-old', resume.cursor.offsets)
        return this.#watch(session)
      case 'pending-gap':
        session.loseEvents('log-lost', resume.cursor.offsets)
        return this.#watch(session)
      case 'other-epoch':
        return session.loseEvents('epoch', null)
      case 'foreign':
        return session.close('badCursor')
    }
  }

  /** Watches a session whose cursor is beyond this pod, until the pod has read as far, or the topic turns out to end before. */
  #watch(session: Session): void {
    if (!session.isClosed && session.covered !== null && this.log.isBehind(session.covered)) this.#ahead.set(session, 0)
  }

  /** Removes a session. @param ending the reason, unless the session itself was closed */
  #leave(session: Session, ending: CloseCode | 'peer'): void {
    const isOthers = session.ended()
    this.hub.remove(session)
    this.#parts.upkeep.remove(session)
    this.#ahead.delete(session)
    if (session.filter !== null) this.filters.release(session.filter, session.principal.userId)
    this.#parts.metrics.sessions.add(-1, { transport: session.socket.framing.kind })
    if (isOthers) this.#parts.metrics.sessionsClosed.add(1, { code: ending })
    this.#parts.logger.debug({ ...describeUser(session), code: session.closedWith ?? ending }, 'session closed')
  }

  /** Count of sessions with more to read. */
  get catchingUp(): number {
    let count = 0
    for (const session of this.hub.sessions()) if (session.isCatchingUp) count += 1
    return count
  }

  // ---- replay log

  /** Starts the replay log, or restarts it in another epoch. */
  open(start: LogStart): void {
    this.log.reset(start)
    this.#ahead.clear()
    this.#lostBelow.clear()
    for (const session of this.hub.sessions()) session.loseEvents('epoch', null)
  }

  /**
   * Notes that records of one partition are lost. Sessions continue to read all partitions. Those that resume have a pending gap from here on. Their
   * cursors show it on every pod, until `announceLosses` sends it.
   */
  lose(partition: number, nextOffset: number): void {
    this.log.lose(partition, nextOffset)
    this.#lostBelow.set(partition, nextOffset)
  }

  /** Sends one gap for all losses so far to each session, at its next turn at the head. */
  announceLosses(): void {
    const earlier = this.log.announcedLosses
    this.log.announceLosses()
    for (const session of this.hub.sessions()) {
      session.applyLosses(this.#lostBelow, earlier)
      this.#parts.fanOut.enqueue(session)
    }
    this.#lostBelow.clear()
  }

  /** Appends an event, and gives its recipients a turn. */
  append(event: AppendedEvent): Entry {
    const entry = this.log.append(event)
    const offer = (session: Session): void => {
      session.offer(entry)
      this.#parts.fanOut.enqueue(session)
    }
    this.hub.select(event.audience, offer, keysOf(event.audience))
    return entry
  }

  /** Resolves when the recipients of all entries so far have had a turn. */
  settled(): Promise<void> | void {
    return this.#parts.fanOut.settled()
  }

  /**
   * Takes the ends of the partitions from the brokers. A cursor beyond an end is from the future: the topic lost its end. One report may have been
   * under way when the client connected, so the second one decides. A partition without a report (-1) decides nothing. Its leader is away, and
   * another pod may have read further.
   */
  ends(endOffsets: PartitionOffsets): void {
    this.log.grow(endOffsets.length)
    for (const [session, reports] of this.#ahead) {
      const verdict = session.covered === null ? 'explained' : this.#explainAhead(session.covered, endOffsets)
      if (verdict === 'unknown') continue
      if (verdict === 'beyond' && reports === 0) {
        this.#ahead.set(session, 1)
        continue
      }
      this.#ahead.delete(session)
      if (verdict === 'beyond') session.loseEvents('future', null)
    }
  }

  #explainAhead(covered: PartitionOffsets, endOffsets: PartitionOffsets): 'explained' | 'beyond' | 'unknown' {
    const ahead = covered.flatMap((offset, partition) =>
      offset > (this.log.positions[partition] ?? 0) ? [{ offset, end: endOffsets[partition] ?? 0 }] : [],
    )
    if (ahead.some(({ offset, end }) => end >= 0 && offset > end)) return 'beyond'
    return ahead.some(({ end }) => end < 0) ? 'unknown' : 'explained'
  }
}

/** Returns the names by which an audience reaches the session. Only log lines at debug may have them. */
function describeUser({ principal, socket }: Session): LogFields {
  return {
    user: principal.userId,
    username: principal.username,
    organization: principal.organizationId,
    roles: principal.roles,
    transport: socket.framing.kind,
  }
}

const plain: Resume = { kind: 'plain' }

interface Opening {
  readonly principal: Principal
  readonly resume: Resume
  readonly cursors: CursorForm
  readonly filter: InternedFilter | null
  readonly ticket: string | null
}

export interface ChannelParts {
  readonly log: ReplayLog
  readonly hub: Hub
  readonly filters: InternedFilters
  readonly fanOut: FanOut
  readonly upkeep: Upkeep
  readonly shared: SharedBySessions
  readonly metrics: Metrics
  readonly logger: Logger
  /** Takes a message of a client. @param text null: it is binary */
  readonly received: (session: Session, text: Buffer | null) => void
  /** Returns the reason why no client is accepted now; null: clients are accepted. */
  readonly closedBecause: () => 'notReady' | 'draining' | null
  readonly limits: { readonly maxConnections: number; readonly maxConnectionsPerUser: number }
  /** Returns true if the principal's token is revoked now. */
  readonly isRevoked: (principal: Principal) => boolean
  readonly revokedSessions: RevokedSessions
}
