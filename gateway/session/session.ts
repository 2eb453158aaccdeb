import type { Principal } from '../audience/principal.ts'
import { principalKeys } from '../audience/audience-keys.ts'
import type { Entry } from '../replay/entry.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'
import type { CloseCode } from './close-codes.ts'
import type { BookmarkFrames, ControlEvent, ControlFrames, GapReason } from './control-events.ts'
import type { Reader } from './reader.ts'
import type { CloseHint, Socket } from './socket.ts'

/** The parts that all sessions of a channel share: one object, so that a session itself stays small. */
export interface SharedBySessions {
  readonly log: ReplayLog
  readonly reader: Reader
  readonly control: ControlFrames
  readonly bookmark: BookmarkFrames
  readonly observer: SessionObserver
}

/** Receives what happens to sessions, for metrics. */
export interface SessionObserver {
  lost(reason: GapReason): void
  /** @param events written to a session that came with a cursor, before it was at the head */
  replayed(events: number): void
  closed(code: CloseCode): void
}

/**
 * One connection: who it is, how far it has been served, and nothing else. There is no queue. A session with nothing to read is live
 * (`next` is null); an entry that concerns it sets `next` to that entry, and the session reads from the log at its turn, as much as
 * its socket takes. A congested socket leaves `next` where it is until it drains. Resuming, catching up and being live differ only
 * in where `next` stands; a slow consumer is a client who resumes.
 */
export class Session {
  readonly socket: Socket
  readonly principal: Principal
  readonly keys: readonly string[]
  /** Whether the client understands resuming and control events. */
  readonly resumes: boolean
  readonly #shared: SharedBySessions
  /** The sequence number to go on from; null when live. */
  #next: number | null = null
  /** Waits for `drained`. */
  #isCongested = false
  /** What the client's cursor covered when it came, until this pod has read as far: entries below it were delivered elsewhere. */
  #covered: PartitionOffsets | null = null
  /** Events written since the session came back with a cursor; null when it is not resuming. */
  #replayed: number | null = null
  /** The log's losses that the client was told of, or was not touched by. A client that cannot be told knows of all. */
  #knownLosses: number
  #isClosed = false
  #closedWith: CloseCode | null = null
  /** Whether the session is in the fan-out's queue; only the fan-out writes it. */
  isQueued = false

  constructor(options: {
    readonly socket: Socket
    readonly principal: Principal
    readonly resumes: boolean
    readonly shared: SharedBySessions
  }) {
    this.socket = options.socket
    this.principal = options.principal
    this.keys = principalKeys(options.principal)
    this.resumes = options.resumes
    this.#shared = options.shared
    this.#knownLosses = options.resumes ? options.shared.log.losses : Infinity
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The code that the session was closed with; null while it is open, and when its peer or a limit ended it. */
  get closedWith(): CloseCode | null {
    return this.#closedWith
  }

  get isCatchingUp(): boolean {
    return this.#next !== null
  }

  /** Whether a turn would do anything: there is something to read or a gap to be told of, and a socket that takes it. */
  get wantsTurn(): boolean {
    return (this.#next !== null || this.#isGapDue) && !this.#isCongested && !this.#isClosed
  }

  /** Records were lost, and the client was not told yet: until then its cursors say so. */
  get #owesGap(): boolean {
    return this.#knownLosses < this.#shared.log.losses
  }

  get #isGapDue(): boolean {
    return this.#knownLosses < this.#shared.log.announcedLosses
  }

  /** What the client's cursor covers beyond this pod's own position; null when nothing. */
  get covered(): PartitionOffsets | null {
    return this.#covered
  }

  // ---- beginning

  /** Goes on from a place in the log. @param covered the client's vector: entries below it are passed over */
  resumeFrom(seq: number, covered: PartitionOffsets): void {
    this.#next = seq
    this.#covered = covered
    this.#replayed = 0
  }

  /** Begins at the head. A client that resumes is told where that is. */
  beginLive(): void {
    if (this.resumes) this.#tell({ type: 'dev.carillon.resumed', data: { replayed: 0 } })
  }

  // ---- delivering

  /** There is an entry for this session. Costs next to nothing: it is read when the session has its turn. */
  offer(entry: Entry): void {
    this.#next ??= entry.seq
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#isCongested = false
  }

  /** Reads what is next and writes it in one go. @returns events written */
  takeTurn(): number {
    if (!this.wantsTurn) return 0
    if (this.#next !== null && this.#next < this.#shared.log.tailSeq) return this.#fallOff()
    const events = this.#next === null ? [] : this.#read(this.#next)
    const frames = this.#next === null ? [...events, ...this.#arrivals()] : events
    if (frames.length > 0) this.#write(this.#shared.reader.join(frames))
    return events.length
  }

  #read(from: number): readonly Buffer[] {
    const read = this.#shared.reader.read({
      keys: this.keys,
      principal: this.principal,
      from,
      framing: this.socket.framing,
      covered: this.#covered,
      owesGap: this.#owesGap,
    })
    this.#next = read.next
    if (this.#replayed !== null) {
      this.#replayed += read.frames.length
      this.#shared.observer.replayed(read.frames.length)
    }
    return read.frames
  }

  /** At the head: what a client that resumed is told, and one that is owed a gap. */
  #arrivals(): readonly Buffer[] {
    if (this.#covered !== null && !this.#shared.log.isBehind(this.#covered)) this.#covered = null
    if (this.#isGapDue) return [this.#gap('log-lost')]
    if (this.#replayed === null) return []
    const replayed = this.#replayed
    this.#replayed = null
    return [this.#controlFrame({ type: 'dev.carillon.resumed', data: { replayed } })]
  }

  /** What the session waited for is no longer held. */
  #fallOff(): number {
    this.loseEvents('too-slow', this.#covered)
    return 0
  }

  /**
   * Something for this session may be lost: the client is told, and goes on from the head; a client that cannot be told is closed.
   * @param covered what the client has of this life of the log beyond this pod's own position: that does not come again
   */
  loseEvents(reason: GapReason, covered: PartitionOffsets | null): void {
    if (this.#isClosed) return
    this.#next = null
    this.#covered = covered
    const gap = this.#gap(reason)
    if (this.resumes) this.#write(gap)
    else this.close(reason === 'too-slow' ? 'tooSlow' : 'eventsLost')
  }

  /** The gap, after which the client owes nothing to what it missed: it covers all losses so far. */
  #gap(reason: GapReason): Buffer {
    this.#shared.observer.lost(reason)
    this.#replayed = null
    this.#knownLosses = Math.max(this.#knownLosses, this.#shared.log.losses)
    return this.#controlFrame({ type: 'dev.carillon.gap', data: { reason } })
  }

  /**
   * Decides whether new losses concern the client. A client that was given all of it elsewhere is not touched, unless it waits for the gap of earlier losses.
   * @param lostBelow per partition, where the new losses end
   * @param earlier how many losses were announced before
   */
  judgeLosses(lostBelow: ReadonlyMap<number, number>, earlier: number): void {
    const covered = this.#covered
    if (covered === null || this.#knownLosses < earlier || this.#knownLosses === this.#shared.log.losses) return
    if ([...lostBelow].every(([partition, offset]) => (covered[partition] ?? 0) >= offset))
      this.#knownLosses = Math.max(this.#knownLosses, this.#shared.log.losses)
  }

  // ---- telling

  /**
   * Tells a client that resumes where the log is, unless something is on its way to it. Also when nothing has changed: pages see no pings,
   * and this is how they know that the connection lives.
   */
  bookmark(): void {
    if (!this.resumes || this.#isClosed || this.#next !== null || this.#isCongested) return
    this.#write(this.#shared.bookmark(this.socket.framing, this.#covered, this.#owesGap))
  }

  /** Tells the client something, if it is one that understands. */
  notify(event: ControlEvent): void {
    if (this.resumes && !this.#isClosed) this.#write(this.#shared.control(event, null, this.socket.framing))
  }

  #tell(event: ControlEvent): void {
    if (!this.#isClosed) this.#write(this.#controlFrame(event))
  }

  #controlFrame(event: ControlEvent): Buffer {
    return this.#shared.control(event, this.#shared.log.headCursor(this.#covered, this.#owesGap), this.socket.framing)
  }

  #write(frames: Buffer): void {
    if (!this.socket.write(frames)) this.#isCongested = true
  }

  // ---- ending

  close(code: CloseCode, hint?: CloseHint): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closedWith = code
    this.#shared.observer.closed(code)
    this.socket.close(code, hint)
  }

  /** The socket has ended, whoever ended it. @returns whether the peer did */
  ended(): boolean {
    const byPeer = !this.#isClosed
    this.#isClosed = true
    this.#next = null
    return byPeer
  }
}
