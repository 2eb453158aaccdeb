import type { Audience } from '../audience/audience.ts'
import { createMatcher, type Matcher } from '../audience/audience-matcher.ts'
import type { Principal } from '../audience/principal.ts'
import type { Attributes } from '../filter/attributes.ts'
import type { InternedFilter, InternedFilters } from '../filter/intern.ts'
import type { CursorForm, Entry } from '../replay/entry.ts'
import type { CompressionBounds, Frames } from '../replay/frames.ts'
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
  /** Attributes of the entries under delivery by sequence number, for filters. null: the event cannot be delivered. */
  readonly #attributes = new Map<number, Attributes | null>()
  readonly #filters: Pick<InternedFilters, 'steps'>
  /** Bytes of events that were made ready for filters so far. */
  #bytesForFilters = 0
  /** The last run of entries that are for everyone. After a broadcast thousands of sessions read the same run, one after the other. */
  #lastRun: Run | null = null
  #lastJoin: { readonly frames: readonly Buffer[]; readonly joined: Buffer } | null = null

  constructor({ log, frames, filters }: ReaderParts, { maxBytesPerTurn, maxEntriesPerTurn = entriesPerTurn }: ReaderLimits) {
    this.#log = log
    this.#frames = frames
    this.#filters = filters
    this.#limits = { maxBytesPerTurn, maxEntriesPerTurn }
  }

  /** Returns the frames for a principal from a place in the replay log, for one write, and the next place; null: the head. */
  read(request: ReadRequest): ReadResult {
    const isShared = request.filter === null && request.covered === null && !request.hasPendingGap && this.#log.isForEveryone(request.from)
    if (!isShared) return this.#readAlone(request)
    const { from, framing, cursors } = request
    const { headSeq } = this.#log
    const last = this.#lastRun
    const isAgain = last !== null && last.from === from && last.headSeq === headSeq && last.framing === framing && last.cursors === cursors
    if (isAgain && last.reads >= readsUntilShared(framing, this.#frames.bounds)) return last.result
    const result = this.#readAlone(request)
    this.#lastRun = { from, headSeq, framing, cursors, result, reads: isAgain ? last.reads + 1 : 1 }
    return result
  }

  #readAlone(request: ReadRequest): ReadResult {
    const frames: Buffer[] = []
    let room = this.#limits.maxBytesPerTurn
    let examined = 0
    let next: number | null = null
    const workEnds = request.filter === null ? Infinity : this.#filterWork + filterWorkPerTurn
    const compressionEnds = this.#frames.compressedBytes + this.#frames.bounds.mostBytes
    this.#log.visit(request.keys, request.from, (entry) => {
      const isTired = this.#filterWork >= workEnds || this.#frames.compressedBytes >= compressionEnds
      if (room <= 0 || examined >= this.#limits.maxEntriesPerTurn || isTired) {
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
    if (request.filter !== null && !this.#passes(entry, request.filter)) return null
    if (request.cursors === 'short' && entry.seq % fullCursorEvery !== 0) return this.#frames.shortFrame(entry, request.framing)
    return this.#frames.frame(entry, request.framing, covered, request.hasPendingGap)
  }

  /** Checks the roles. The rest of the audience matches, because the entry was found by a key of the principal. */
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

  /** Checks the filter, after the audience: a filter only narrows. */
  #passes(entry: Entry, filter: InternedFilter): boolean {
    const known = filter.resultFor(entry.seq)
    if (known !== null) return known
    const attributes = this.#attributesOf(entry)
    return attributes !== null && filter.check(entry.seq, attributes)
  }

  #attributesOf(entry: Entry): Attributes | null {
    const known = this.#attributes.get(entry.seq)
    if (known !== undefined) return known
    if (this.#attributes.size === maxMatchers) this.#attributes.clear()
    this.#bytesForFilters += entry.bytes
    const attributes = this.#frames.attributes(entry)
    this.#attributes.set(entry.seq, attributes)
    return attributes
  }

  /** Cost of all filters so far: steps of their checks, and bytes of the events that were made ready for them. */
  get #filterWork(): number {
    return this.#filters.steps + this.#bytesForFilters
  }

  /** Joins the frames of one write. Sessions with the same frames, as after a broadcast, get the same buffer. */
  join(frames: readonly Buffer[]): Buffer {
    const [only] = frames
    if (only !== undefined && frames.length === 1) return only
    const last = this.#lastJoin
    if (last !== null && areSame(last.frames, frames)) return last.joined
    const joined = Buffer.concat(frames)
    this.#lastJoin = { frames, joined }
    return joined
  }
}

/** Frames are compressed from a certain client on, so earlier clients have read others than the later ones will. */
function readsUntilShared(framing: Framing, { leastClients }: CompressionBounds): number {
  return framing.compress === undefined ? 1 : leastClients
}

function areSame(left: readonly Buffer[], right: readonly Buffer[]): boolean {
  return left === right || (left.length === right.length && left.every((frame, index) => frame === right[index]))
}

/**
 * One entry in so many has its whole cursor for clients with short ones, too. So a client that gets many events, and no bookmark in between, has a
 * cursor of bounded length, which is not far behind in the partitions that bring it nothing.
 */
export const fullCursorEvery = 64

/** Most matchers that are kept: as many entries as one turn usually meets. Each holds a set of the names of its audience. */
const maxMatchers = 32

/** A turn ends after this much work for filters: as much as one check may cost at most, some milliseconds. */
export const filterWorkPerTurn = 65_536

interface ReaderParts {
  readonly log: ReplayLog
  readonly frames: Frames
  readonly filters: Pick<InternedFilters, 'steps'>
}

export interface ReadRequest {
  readonly keys: readonly string[]
  readonly principal: Principal
  /** null: the session has no filter. */
  readonly filter: InternedFilter | null
  readonly from: number
  readonly framing: Framing
  readonly covered: PartitionOffsets | null
  /** True: the client has no gap for a loss yet, and its cursors show it. */
  readonly hasPendingGap: boolean
  /** `short` only without a pending gap, and after the client has had a whole cursor. */
  readonly cursors: CursorForm
}

/** What a session reads that has no filter, no vector and no pending gap, and stands at `from`. */
interface Run {
  readonly from: number
  /** The head of the replay log when the run was read. */
  readonly headSeq: number
  readonly framing: Framing
  readonly cursors: CursorForm
  readonly result: ReadResult
  /** Sessions that have read it one after the other, and not shared it. */
  readonly reads: number
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
