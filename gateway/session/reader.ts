import type { Audience } from '../audience/audience.ts'
import { createMatcher, type Matcher } from '../audience/matcher.ts'
import type { Principal } from '../audience/principal.ts'
import type { Entry } from '../replay/entry.ts'
import type { Frames } from '../replay/frames.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'
import type { CloseCode } from './close-codes.ts'
import type { ControlFrames, GapReason } from './control-events.ts'
import type { Framing } from '../replay/framing.ts'

/** What all sessions of a channel share to read the log: one object, so that a session itself stays small. */
export class Reading {
  readonly log: ReplayLog
  readonly control: ControlFrames
  readonly #frames: Frames
  readonly #limits: ReadingLimits
  readonly #observer: SessionObserver
  /** Of the entries that are being delivered: their sessions ask one after the other. */
  readonly #matchers = new Map<Audience, Matcher>()
  readonly #bookmarks = new Map<Framing, Bookmark>()
  #lastJoin: { readonly frames: readonly Buffer[]; readonly joined: Buffer } | null = null

  constructor(options: {
    readonly log: ReplayLog
    readonly frames: Frames
    readonly control: ControlFrames
    readonly limits: ReadingLimits
    readonly observer: SessionObserver
  }) {
    this.log = options.log
    this.control = options.control
    this.#frames = options.frames
    this.#limits = options.limits
    this.#observer = options.observer
  }

  /** The frames for a principal from a place in the log on, as many as one write should have; and where to go on, null at the head. */
  read(request: ReadRequest): ReadResult {
    const frames: Buffer[] = []
    let room = this.#limits.maxBytesPerTurn
    let examined = 0
    let next: number | null = null
    this.log.visit(request.keys, request.from, (entry) => {
      if (room <= 0 || examined >= this.#limits.maxEntriesPerTurn) {
        next = entry.seq
        return false
      }
      examined += 1
      const frame = this.#frameFor(entry, request)
      if (frame !== null) {
        frames.push(frame)
        room -= frame.length
      }
      return true
    })
    return { frames, next }
  }

  #frameFor(entry: Entry, request: ReadRequest): Buffer | null {
    const { covered } = request
    if (covered !== null && entry.offset < (covered[entry.partition] ?? 0)) return null
    if (!this.#isFor(entry.audience, request.principal)) return null
    return this.#frames.frame(entry, request.framing, covered, request.owesGap)
  }

  /** The entry was found by a key of the principal: who it is has been decided, but for the roles. */
  #isFor(audience: Audience, principal: Principal): boolean {
    if (audience.roles.length === 0) return true
    let matcher = this.#matchers.get(audience)
    if (matcher === undefined) {
      if (this.#matchers.size === maxMatchers) this.#matchers.clear()
      matcher = createMatcher(audience)
      this.#matchers.set(audience, matcher)
    }
    return matcher(principal)
  }

  /** One buffer for one write. Sessions that are to get the same frames, as after a broadcast, get the same buffer. */
  join(frames: readonly Buffer[]): Buffer {
    const [only] = frames
    if (only !== undefined && frames.length === 1) return only
    const last = this.#lastJoin
    if (last !== null && last.frames.length === frames.length && last.frames.every((frame, index) => frame === frames[index]))
      return last.joined
    const joined = Buffer.concat(frames)
    this.#lastJoin = { frames, joined }
    return joined
  }

  /** The frame of a bookmark at the head: one for all sessions, while the log stands still. @param covered what it must not fall behind */
  bookmark(framing: Framing, covered: PartitionOffsets | null, owesGap: boolean): Buffer {
    const isShared = covered === null && !owesGap
    const made = this.#bookmarks.get(framing)
    if (isShared && made?.version === this.log.version) return made.frame
    const frame = this.control({ type: 'dev.carillon.bookmark' }, this.log.headCursor(covered, owesGap), framing)
    if (isShared) this.#bookmarks.set(framing, { frame, version: this.log.version })
    return frame
  }

  lost(reason: GapReason): void {
    this.#observer.lost(reason)
  }

  replayed(events: number): void {
    this.#observer.replayed(events)
  }

  closed(code: CloseCode): void {
    this.#observer.closed(code)
  }
}

interface Bookmark {
  readonly frame: Buffer
  /** Of the log, whose head it names. */
  readonly version: number
}

/** As many entries as one turn usually meets. Each holds a set of the names of its audience. */
const maxMatchers = 32

export interface ReadRequest {
  readonly keys: readonly string[]
  readonly principal: Principal
  readonly from: number
  readonly framing: Framing
  readonly covered: PartitionOffsets | null
  /** The client was not told of a loss yet: its cursors say so. */
  readonly owesGap: boolean
}

export interface ReadResult {
  readonly frames: readonly Buffer[]
  readonly next: number | null
}

export interface ReadingLimits {
  /** A write ends with the frame that reaches this many bytes. */
  readonly maxBytesPerTurn: number
  /** A turn ends after looking at this many entries, also when none of them was for the session. */
  readonly maxEntriesPerTurn: number
}

/** Who wants to know what becomes of sessions: metrics. */
export interface SessionObserver {
  lost(reason: GapReason): void
  /** @param events written to a session that came with a cursor, before it was at the head */
  replayed(events: number): void
  closed(code: CloseCode): void
}
