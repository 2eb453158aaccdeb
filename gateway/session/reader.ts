import type { Audience } from '../audience/audience.ts'
import { createMatcher, type Matcher } from '../audience/audience-matcher.ts'
import type { Principal } from '../audience/principal.ts'
import type { Entry } from '../replay/entry.ts'
import type { Frames } from '../replay/frames.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'
import type { Framing } from '../replay/framing.ts'

/** Reads a session's frames from the replay log. One object for all sessions of a channel, so that a session itself stays small. */
export class Reader {
  readonly #log: ReplayLog
  readonly #frames: Frames
  readonly #limits: Required<ReaderLimits>
  /** Matchers of the entries under delivery: their sessions ask one after the other. */
  readonly #matchers = new Map<Audience, Matcher>()
  #lastJoin: { readonly frames: readonly Buffer[]; readonly joined: Buffer } | null = null

  constructor(log: ReplayLog, frames: Frames, { maxBytesPerTurn, maxEntriesPerTurn = entriesPerTurn }: ReaderLimits) {
    this.#log = log
    this.#frames = frames
    this.#limits = { maxBytesPerTurn, maxEntriesPerTurn }
  }

  /** The frames for a principal from a place in the log on, as many as one write should have; and where to go on, null at the head. */
  read(request: ReadRequest): ReadResult {
    const frames: Buffer[] = []
    let room = this.#limits.maxBytesPerTurn
    let examined = 0
    let next: number | null = null
    this.#log.visit(request.keys, request.from, (entry) => {
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

/** A turn looks at no more entries than this. */
const entriesPerTurn = 1000

export interface ReaderLimits {
  /** A write ends with the frame that reaches this many bytes. */
  readonly maxBytesPerTurn: number
  /** A turn ends after looking at this many entries, even if none of them was for the session. @default 1000 */
  readonly maxEntriesPerTurn?: number
}
