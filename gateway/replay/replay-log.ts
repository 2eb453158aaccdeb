import type { Audience } from '../audience/audience.ts'
import { createAudienceKeys } from '../audience/audience-keys.ts'
import type { EventContent } from '../event/decoded-record.ts'
import { AudienceIndex } from './audience-index.ts'
import type { Cursor } from './cursor.ts'
import { encodeCursor, owingTagOf, tagOf } from './cursor.ts'
import { Deque } from './deque.ts'
import { type Entry, entryOverheadBytes } from './entry.ts'
import { PositionIndex } from './position-index.ts'
import type { LogStart, PartitionOffsets } from './record-source.ts'

/**
 * The pod's recent events, in the order in which it read them: a ring bounded by bytes and age, indexed by audience and by
 * position. It knows what it no longer has: per partition, the offset from which on nothing was dropped.
 *
 * Sequence numbers never repeat, also not after a reset, so that a session that waits at one is never handed something else.
 */
export class ReplayLog {
  readonly #limits: ReplayLimits
  readonly #topicTag: number
  readonly #entries = new Deque<Entry>()
  /** The keys under which the log lists the events for an audience. */
  readonly keysOf = createAudienceKeys()
  #audiences = new AudienceIndex()
  #positions = new PositionIndex([], this.#entries)
  #epochTag = 0
  #owingTag = 0
  #losses = 0
  #announcedLosses = 0
  #nextSeq = 0
  #bytes = 0
  #version = 0

  constructor(topic: string, limits: ReplayLimits) {
    this.#limits = limits
    this.#topicTag = tagOf(topic)
  }

  /** The sequence number that the next entry will get. */
  get headSeq(): number {
    return this.#nextSeq
  }

  /** The oldest sequence number that is held; `headSeq` when the log is empty. */
  get tailSeq(): number {
    return this.#entries.first()?.seq ?? this.#nextSeq
  }

  get length(): number {
    return this.#entries.length
  }

  /** Of the entries, the index over their audiences, and the places of losses. */
  get bytes(): number {
    return this.#bytes + this.#audiences.bytes + this.#positions.bytes
  }

  /** How many times records were lost, since the pod began. */
  get losses(): number {
    return this.#losses
  }

  /** How many of the losses sessions are to be told of by now. */
  get announcedLosses(): number {
    return this.#announcedLosses
  }

  /** When the oldest entry was appended, in milliseconds since the epoch; null when the log is empty. */
  get oldestAppendedAtMs(): number | null {
    return this.#entries.first()?.appendedAtMs ?? null
  }

  /** Changes whenever a position does: two equal versions mean the same head cursor. */
  get version(): number {
    return this.#version
  }

  /** Per partition, the next offset to be read. */
  get positions(): PartitionOffsets {
    return this.#positions.positions
  }

  /** Begins anew at the given offsets: nothing before them is known. */
  reset(start: LogStart): void {
    while (this.#entries.length > 0) this.#entries.shift()
    this.#audiences = new AudienceIndex()
    this.#positions = new PositionIndex(start.startOffsets, this.#entries)
    this.#epochTag = tagOf(start.epoch)
    this.#owingTag = owingTagOf(start.epoch)
    this.#bytes = 0
    this.#version += 1
  }

  append(event: AppendedEvent): Entry {
    const entry: Entry = {
      // Member by member, because a spread costs more.
      seq: this.#nextSeq,
      partition: event.partition,
      offset: event.offset,
      audience: event.audience,
      timestampMs: event.timestampMs,
      appendedAtMs: event.appendedAtMs,
      traceparent: event.traceparent,
      content: event.content,
      body: null,
      frames: { websocket: null, sse: null },
      owingFrames: null,
      bytes: event.contentBytes + entryOverheadBytes,
    }
    this.#nextSeq += 1
    this.#version += 1
    this.#positions.add(entry)
    this.#entries.push(entry)
    this.#audiences.add(entry.seq, this.keysOf(event.audience))
    this.#bytes += entry.bytes
    this.trim(event.appendedAtMs)
    return entry
  }

  /** The partition has been read up to `nextOffset`, and nothing on the way is for anybody. */
  advance(partition: number, nextOffset: number): void {
    this.#positions.advance(partition, nextOffset)
    this.#version += 1
  }

  /** The partition has been read up to `nextOffset`, but what was read is too old to be kept. */
  pass(partition: number, nextOffset: number): void {
    this.advance(partition, nextOffset)
    this.#positions.raiseFloor(partition, nextOffset)
  }

  /**
   * The records of the partition from its position up to `nextOffset` are lost. Its entries from before stay: they are right for a session
   * that reads on. A cursor that does not cover the lost records is too old from now on. Other partitions are not touched.
   */
  lose(partition: number, nextOffset: number): void {
    if (!this.#positions.lose(partition, nextOffset, this.#nextSeq)) return
    this.#losses += 1
    this.#version += 1
  }

  announceLosses(): void {
    this.#announcedLosses = this.#losses
  }

  hasEntries(partition: number): boolean {
    return this.#positions.hasEntries(partition)
  }

  /** Partitions that are new in the topic count as read from offset 0. */
  grow(partitions: number): void {
    this.#positions.grow(partitions)
  }

  /** An entry takes more or fewer bytes than when it was appended, now that it is encoded. */
  resize(entry: Entry, bytes: number): void {
    if (entry.seq < this.tailSeq) return
    this.#bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  /**
   * Drops what is beyond the limits. What is too old goes bit by bit: a burst of 100,000 events is too old in one moment, too, and to drop
   * them in one turn would hold everybody up for 100 ms. @param nowMs milliseconds since the epoch
   */
  trim(nowMs: number): void {
    let dropped = 0
    for (let oldest = this.#entries.first(); oldest !== undefined; oldest = this.#entries.first()) {
      const isTooOld = nowMs - oldest.appendedAtMs > this.#limits.windowMs && dropped < maxKeysPerTrim
      if (!isTooOld && this.bytes <= this.#limits.maxBytes) return
      dropped += this.#drop(oldest)
    }
  }

  /** @returns how many keys the entry had, at least 1: what it costs */
  #drop(oldest: Entry): number {
    this.#positions.drop(oldest)
    this.#entries.shift()
    this.#bytes -= oldest.bytes
    return Math.max(1, this.#audiences.drop())
  }

  entry(seq: number): Entry | undefined {
    return this.#entries.at(seq - this.tailSeq)
  }

  /** Calls `visit` with each entry from `fromSeq` on that is listed under one of the audience keys, in order, until it returns false. */
  visit(keys: readonly string[], fromSeq: number, visit: (entry: Entry) => boolean): void {
    this.#audiences.visit(keys, fromSeq, (seq) => {
      const entry = this.entry(seq)
      return entry === undefined || visit(entry)
    })
  }

  /** Where a client with this cursor goes on, or why it cannot. */
  locate(cursor: Cursor): Location {
    if (cursor.topicTag !== this.#topicTag) return { kind: 'foreign' }
    const owesGap = cursor.epochTag === this.#owingTag
    if (!owesGap && cursor.epochTag !== this.#epochTag) return { kind: 'other-epoch' }
    if (this.#positions.hasLost(cursor.offsets)) return { kind: 'too-old' }
    if (owesGap) return { kind: 'gap-owed' }
    return { kind: 'found', fromSeq: this.#positions.firstUncovered(cursor.offsets) ?? this.#nextSeq }
  }

  isBehind(offsets: PartitionOffsets): boolean {
    return this.#positions.isBehind(offsets)
  }

  /** Whether the cursor after the entry, which must be in the log, is not behind the vector. */
  covers(entry: Entry, offsets: PartitionOffsets): boolean {
    const vector = this.#positions.vectorAfter(entry)
    return offsets.every((offset, partition) => offset <= (vector[partition] ?? 0))
  }

  /** The cursor after the entry, which must be in the log. @param atLeast a vector that it must not fall behind; @param owesGap the client was not told of a loss yet */
  cursorAfter(entry: Entry, atLeast: PartitionOffsets | null = null, owesGap = false): string {
    return this.#cursor(this.#positions.vectorAfter(entry), atLeast, owesGap)
  }

  /** The cursor after all that has been read. @param atLeast a vector that it must not fall behind; @param owesGap the client was not told of a loss yet */
  headCursor(atLeast: PartitionOffsets | null = null, owesGap = false): string {
    return this.#cursor(this.#positions.positions, atLeast, owesGap)
  }

  #cursor(offsets: PartitionOffsets, atLeast: PartitionOffsets | null, owesGap: boolean): string {
    return encodeCursor({
      topicTag: this.#topicTag,
      epochTag: owesGap ? this.#owingTag : this.#epochTag,
      offsets: atLeast === null ? offsets : upperBound(offsets, atLeast),
    })
  }
}

/** Some 4 ms of work. Each append and each report of the log's ends takes a turn. */
export const maxKeysPerTrim = 4_000

export interface ReplayLimits {
  /** Age, in milliseconds, at which an entry is dropped. */
  readonly windowMs: number
  /** Bytes that all entries may take together, with the index over their audiences. */
  readonly maxBytes: number
}

export interface AppendedEvent {
  readonly partition: number
  readonly offset: number
  readonly audience: Audience
  readonly timestampMs: number
  readonly appendedAtMs: number
  readonly traceparent: string | null
  readonly content: EventContent
  readonly contentBytes: number
}

export type Location =
  | { readonly kind: 'found'; readonly fromSeq: number }
  | { readonly kind: 'too-old' | 'gap-owed' | 'other-epoch' | 'foreign' }

function upperBound(a: PartitionOffsets, b: PartitionOffsets): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, partition) => Math.max(a[partition] ?? 0, b[partition] ?? 0))
}
