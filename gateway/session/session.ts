import type { Principal } from '../audience/principal.ts'
import { principalKeys } from '../audience/audience-keys.ts'
import type { InternedFilter } from '../filter/intern.ts'
import type { CursorForm, Entry } from '../replay/entry.ts'
import { frameJson } from '../replay/frames.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'
import type { CloseCode } from './close-codes.ts'
import type { BookmarkFrames, Confirmation, ControlEvent, ControlJson, Feature, GapReason, Introduction } from './control-events.ts'
import type { Duty } from './duty.ts'
import type { Reader } from './reader.ts'
import type { CloseHint, Socket } from './socket.ts'

/** The parts that all sessions of a channel share: one object, so that a session itself stays small. */
export interface SharedBySessions {
  readonly log: ReplayLog
  readonly reader: Reader
  readonly control: ControlJson
  readonly bookmark: BookmarkFrames
  /** What the gateway tells clients that it can do. */
  readonly features: readonly Feature[]
  readonly observer: SessionObserver
}

const none: readonly Buffer[] = []

/** Stands for the replay log's oldest entry, whose sequence number changes until a session reads it. */
const oldest = -1

/** Receives what happens to sessions, for metrics. */
export interface SessionObserver {
  lost(reason: GapReason): void
  /** @param events written to a session that came with a cursor, before it was at the head */
  replayed(events: number): void
  closed(code: CloseCode): void
}

/**
 * One connection: its principal and its place in the replay log. **There is no queue.**
 *
 * A session with nothing to read is live: `next` is null. An entry for the session sets `next` to that entry. At its turn the session reads from
 * the replay log as much as its socket takes. A congested socket leaves `next` as it is until it drains. Resuming, catching up and being live
 * differ only in the value of `next`. A slow client is a client that resumes.
 */
export class Session {
  readonly socket: Socket
  #principal: Principal
  #keys: readonly string[]
  /** The name of the session for frames over HTTP, which nobody can guess; null: the client is plain, and is not told. */
  readonly id: string | null
  #filter: InternedFilter | null
  readonly #cursors: CursorForm
  readonly #shared: SharedBySessions
  /** The sequence number to read next; null: live. */
  #next: number | null = null
  /** True: the socket is full, and `drained` has not been called since. */
  #isCongested = false
  /** The vector of the client's cursor, until this pod has read as far. Another pod delivered the entries below it. */
  #covered: PartitionOffsets | null = null
  /** Count of events written since the client resumed; null: it is not resuming. */
  #replayed: number | null = null
  /** Count of the replay log's losses that the client has a gap for, or that do not concern it. Infinity: it does not understand gaps. */
  #knownLosses: number
  /** The ticket for the client's next connection, until the client has it; null: there is none. */
  #ticket: string | null
  /** True: the client knows the session's id, and what the gateway can do. */
  #isIntroduced = false
  /** Answers that were written since the socket filled up. */
  #unreadAnswers = 0
  #isClosed = false
  #closedWith: CloseCode | null = null
  /** True: the session is in the fan-out's queue. Only the fan-out writes it. */
  isQueued = false
  /** null: the session has no timed duties yet, or none any more. Only the upkeep writes it. */
  duty: Duty | null = null

  constructor(options: {
    readonly socket: Socket
    readonly principal: Principal
    readonly id: string | null
    readonly filter: InternedFilter | null
    readonly ticket: string | null
    readonly cursors: CursorForm
    readonly shared: SharedBySessions
  }) {
    this.socket = options.socket
    this.#principal = options.principal
    this.#keys = principalKeys(options.principal)
    this.id = options.id
    this.#filter = options.filter
    this.#ticket = options.ticket
    this.#cursors = options.cursors
    this.#shared = options.shared
    this.#knownLosses = this.resumes ? options.shared.log.losses : Infinity
  }

  /** True: the client understands resuming and control events. */
  get resumes(): boolean {
    return this.id !== null
  }

  /** Narrows the events for the principal; null: the session gets all of them. */
  get filter(): InternedFilter | null {
    return this.#filter
  }

  get principal(): Principal {
    return this.#principal
  }

  get keys(): readonly string[] {
    return this.#keys
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The code that the session was closed with; null: it is open, or its peer or a limit ended it. */
  get closedWith(): CloseCode | null {
    return this.#closedWith
  }

  get isCatchingUp(): boolean {
    return this.#next !== null
  }

  /** True: a turn would write something. There is an entry to read or a gap to send, and a socket that takes it. */
  get wantsTurn(): boolean {
    return (this.#next !== null || this.#isGapDue) && !this.#isCongested && !this.#isClosed
  }

  /** True: records were lost, and the client has no gap for them yet. Its cursors show it until then. */
  get #hasPendingGap(): boolean {
    return this.#knownLosses < this.#shared.log.losses
  }

  get #isGapDue(): boolean {
    return this.#knownLosses < this.#shared.log.announcedLosses
  }

  /** The vector of the client's cursor where it is beyond this pod's own position; null: it is not. */
  get covered(): PartitionOffsets | null {
    return this.#covered
  }

  // ---- start

  /** Resumes from a place in the replay log. @param covered the client's vector: entries below it are skipped */
  resumeFrom(seq: number, covered: PartitionOffsets): void {
    this.#next = seq
    this.#covered = covered
    this.#replayed = 0
  }

  /** Resumes from the oldest entry that the replay log holds at the session's first turn. So an entry that is dropped before makes no gap. */
  resumeFromOldest(): void {
    this.#next = oldest
    this.#replayed = 0
  }

  /** Starts at the head. A client that resumes gets the cursor of the head. */
  beginLive(): void {
    if (this.resumes && !this.#isClosed) this.#write(this.#resumed(0))
  }

  // ---- delivery

  /** Notes an entry for this session, which reads it at its turn. */
  offer(entry: Entry): void {
    this.#next ??= entry.seq
  }

  /** Notes that the socket takes bytes again. */
  drained(): void {
    this.#isCongested = false
    this.#unreadAnswers = 0
  }

  /** Reads the next entries and writes them in one write. @returns the count of events */
  takeTurn(): number {
    if (!this.wantsTurn) return 0
    this.#findOldest()
    if (this.#next !== null && this.#next < this.#shared.log.tailSeq) return this.#fallBehind()
    const events = this.#next === null ? none : this.#read(this.#next)
    const last = this.#next === null ? this.#headFrame() : null
    const frames = last === null ? events : [...events, last]
    if (frames.length > 0) this.#write(this.#shared.reader.join(frames))
    return events.length
  }

  /**
   * Replaces the place `oldest` by that of the oldest entry that the replay log holds now. Losses behind it concern the client: it gets the entries
   * before them and after them.
   */
  #findOldest(): void {
    if (this.#next !== oldest) return
    const { log } = this.#shared
    this.#next = log.tailSeq
    if (log.hasLossAfterTail) this.#knownLosses = Math.min(this.#knownLosses, log.losses - 1)
  }

  #read(from: number): readonly Buffer[] {
    const read = this.#shared.reader.read({
      keys: this.#keys,
      principal: this.#principal,
      filter: this.#filter,
      from,
      framing: this.socket.framing,
      covered: this.#covered,
      hasPendingGap: this.#hasPendingGap,
      cursors: this.#mayShorten ? this.#cursors : 'full',
    })
    this.#next = read.next
    if (this.#replayed !== null) {
      this.#replayed += read.frames.length
      this.#shared.observer.replayed(read.frames.length)
    }
    return read.frames
  }

  /**
   * True: short cursors say all that the client needs. They count on top of a whole one of this connection, which the introduction has. They do not
   * show a pending gap.
   */
  get #mayShorten(): boolean {
    return this.#isIntroduced && !this.#hasPendingGap
  }

  /** Returns the control event for a client that has reached the head: its gap, or the end of its replay; null: none is due. */
  #headFrame(): Buffer | null {
    if (this.#covered !== null && !this.#shared.log.isBehind(this.#covered)) this.#covered = null
    if (this.#isGapDue) return this.#gap('log-lost')
    if (this.#replayed === null) return null
    const replayed = this.#replayed
    this.#replayed = null
    return this.#resumed(replayed)
  }

  #resumed(replayed: number): Buffer {
    return this.#controlFrame({ type: 'dev.carillon.resumed', data: { replayed, ...this.#introduction() } })
  }

  #introduction(): Introduction {
    const ticket = this.#ticket
    this.#ticket = null
    this.#isIntroduced = true
    return { session: this.id ?? '', features: this.#shared.features, ...(ticket === null ? {} : { ticket }) }
  }

  /** Sends a gap, because the replay log has dropped the next entry of the session. */
  #fallBehind(): number {
    this.loseEvents('too-slow', this.#covered)
    return 0
  }

  /**
   * Sends a gap, because events for this session may be lost, and continues at the head. Closes a client that does not understand gaps.
   * @param covered the client's vector in this epoch, where it is beyond this pod's own position: entries below it are not sent again
   */
  loseEvents(reason: GapReason, covered: PartitionOffsets | null): void {
    if (this.#isClosed) return
    this.#next = null
    this.#covered = covered
    const gap = this.#gap(reason)
    if (this.resumes) this.#write(gap)
    else this.close(reason === 'too-slow' ? 'tooSlow' : 'eventsLost')
  }

  /** Makes a gap, which covers all losses so far. */
  #gap(reason: GapReason): Buffer {
    this.#shared.observer.lost(reason)
    this.#replayed = null
    this.#knownLosses = Math.max(this.#knownLosses, this.#shared.log.losses)
    return this.#controlFrame({ type: 'dev.carillon.gap', data: { reason, ...(this.#isIntroduced ? {} : this.#introduction()) } })
  }

  /**
   * Decides if new losses concern the client. They do not if another pod delivered all lost records, unless a gap of earlier losses is pending.
   * @param lostBelow the end of the new losses, by partition
   * @param earlier the count of losses announced before
   */
  applyLosses(lostBelow: ReadonlyMap<number, number>, earlier: number): void {
    const covered = this.#covered
    if (covered === null || this.#knownLosses < earlier || this.#knownLosses === this.#shared.log.losses) return
    if ([...lostBelow].every(([partition, offset]) => (covered[partition] ?? 0) >= offset))
      this.#knownLosses = Math.max(this.#knownLosses, this.#shared.log.losses)
  }

  // ---- rights and filters

  /**
   * Replaces the principal from the session's place in the replay log on: entries before it were judged by the earlier one. Only the hub calls
   * this, because it lists sessions by key.
   */
  replacePrincipal(principal: Principal): void {
    this.#principal = principal
    this.#keys = principalKeys(principal)
    // It is of the earlier token.
    this.#ticket = null
  }

  /**
   * Replaces the filter from the session's place in the replay log on: entries before it were judged by the earlier one. Only the channel calls this,
   * because filters are shared.
   */
  replaceFilter(filter: InternedFilter | null): void {
    this.#filter = filter
  }

  /**
   * Confirms new rights or another filter. The cursor of the event is the session's place, from which they hold.
   * @returns the event as JSON; null: the client gets none, because it is plain or closed
   */
  confirm(event: Confirmation): Buffer | null {
    if (!this.resumes || !this.#mayAnswer()) return null
    this.#findOldest()
    if (this.#next !== null && this.#next < this.#shared.log.tailSeq) this.#fallBehind()
    const cursor = this.#cursorHere()
    const json = this.#shared.control(event, cursor)
    this.#write(frameJson(json, cursor, this.socket.framing))
    return json
  }

  /** Returns the cursor of the session's place: before the next entry that it reads, or of the head. */
  #cursorHere(): string {
    const { log } = this.#shared
    const next = this.#next === null ? undefined : log.entry(this.#next)
    return next === undefined
      ? log.headCursor(this.#covered, this.#hasPendingGap)
      : log.cursorBefore(next, this.#covered, this.#hasPendingGap)
  }

  // ---- control events

  /**
   * Sends the cursor of the head to a client that resumes, unless entries are on their way to it. Sends it even if nothing has changed, because
   * pages see no pings: a bookmark shows them that the connection is alive.
   */
  bookmark(): void {
    if (!this.resumes || this.#isClosed || this.#next !== null || this.#isCongested) return
    this.#write(this.#shared.bookmark(this.socket.framing, this.#covered, this.#hasPendingGap))
  }

  /**
   * Answers a frame of the client. A client that sends frames and does not read the answers is closed, so that its answers take bounded memory.
   */
  answer(event: ControlEvent): void {
    if (this.#mayAnswer()) this.notify(event)
  }

  /** Counts an answer. @returns false: the session is closed, perhaps because the client does not read its answers */
  #mayAnswer(): boolean {
    if (this.#isCongested && !this.#isClosed) {
      this.#unreadAnswers += 1
      if (this.#unreadAnswers > maxUnreadAnswers) this.close('tooSlow')
    }
    return !this.#isClosed
  }

  /** Sends a control event to a client that understands it. */
  notify(event: ControlEvent): void {
    if (this.resumes && !this.#isClosed) this.#write(frameJson(this.#shared.control(event, null), null, this.socket.framing))
  }

  #controlFrame(event: ControlEvent): Buffer {
    const cursor = this.#shared.log.headCursor(this.#covered, this.#hasPendingGap)
    return frameJson(this.#shared.control(event, cursor), cursor, this.socket.framing)
  }

  #write(frames: Buffer): void {
    if (!this.socket.write(frames)) this.#isCongested = true
  }

  // ---- end

  close(code: CloseCode, hint?: CloseHint): void {
    if (this.#isClosed) return
    this.#markClosed(code)
    this.socket.close(code, hint)
  }

  /** Ends the session at once for all but its socket: nothing is written to it any more. @returns false: it was closed before */
  revoke(): boolean {
    if (this.#isClosed) return false
    this.#markClosed('revoked')
    return true
  }

  /** Closes the socket after `revoke`. */
  closeRevoked(): void {
    this.socket.close('revoked')
  }

  #markClosed(code: CloseCode): void {
    this.#isClosed = true
    this.#closedWith = code
    this.#shared.observer.closed(code)
  }

  /** Notes the end of the socket. @returns true: the peer ended it */
  ended(): boolean {
    const byPeer = !this.#isClosed
    this.#isClosed = true
    this.#next = null
    return byPeer
  }
}

/** Most answers to frames that wait for a client that does not read: 64 of about 300 bytes. */
export const maxUnreadAnswers = 64
