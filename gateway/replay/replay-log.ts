import type { Audience } from '../audience/audience.ts'
import { keysOf } from '../audience/audience-keys.ts'
import type { EventContent } from '../event/decoded-record.ts'
import { AudienceIndex } from './audience-index.ts'
import type { Cursor } from './cursor.ts'
import { encodeCursor, pendingGapTagOf, tagOf } from './cursor.ts'
import { Deque } from './deque.ts'
import { type Entry, entryOverheadBytes } from './entry.ts'
import { PositionIndex } from './position-index.ts'
import type { LogStart, PartitionOffsets } from './record-source.ts'

/**
 * The pod's recent events, in the order in which it read them: a ring bounded by bytes and age, indexed by audience and by position. For each
 * partition it knows the offset from which nothing was dropped.
 *
 * Sequence numbers never repeat, even after a reset. So a session that waits at one never gets another entry.
 */
export class ReplayLog {
  readonly #limits: ReplayLimits
  readonly #topicTag: number
  readonly #entries = new Deque<Entry>()
  #audiences = new AudienceIndex()
  #positions = new PositionIndex([], this.#entries)
  #epochTag = 0
  #pendingGapTag = 0
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

  /** The oldest sequence number that is held; `headSeq` if the replay log is empty. */
  get tailSeq(): number {
    return this.#entries.first()?.seq ?? this.#nextSeq
  }

  get length(): number {
    return this.#entries.length
  }

  /** Bytes of the entries, the index over their audiences, and the places of losses. */
  get bytes(): number {
    return this.#bytes + this.#audiences.bytes + this.#positions.bytes
  }

  /** Count of losses of records since the pod started. */
  get losses(): number {
    return this.#losses
  }

  /** Count of losses for which sessions get a gap by now. */
  get announcedLosses(): number {
    return this.#announcedLosses
  }

  /** Time at which the oldest entry was appended, in milliseconds since the epoch; null: the replay log is empty. */
  get oldestAppendedAtMs(): number | null {
    return this.#entries.first()?.appendedAtMs ?? null
  }

  /** Changes with each position: two equal versions mean the same head cursor. */
  get version(): number {
    return this.#version
  }

  /** The next offset to read, by partition. */
  get positions(): PartitionOffsets {
    return this.#positions.positions
  }

  /** Drops everything and starts at the given offsets: nothing before them is known. */
  reset(start: LogStart): void {
    while (this.#entries.length > 0) this.#entries.shift()
    this.#audiences = new AudienceIndex()
    this.#positions = new PositionIndex(start.startOffsets, this.#entries)
    this.#epochTag = tagOf(start.epoch)
    this.#pendingGapTag = pendingGapTagOf(start.epoch)
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
      frames: null,
      pendingGapFrames: null,
      shortFrames: null,
      bytes: event.contentBytes + entryOverheadBytes,
    }
    this.#nextSeq += 1
    this.#version += 1
    this.#positions.add(entry)
    this.#entries.push(entry)
    this.#audiences.add(entry.seq, keysOf(event.audience))
    this.#bytes += entry.bytes
    this.trim(event.appendedAtMs)
    return entry
  }

  /** Notes that the partition has been read up to `nextOffset` without an entry. */
  advance(partition: number, nextOffset: number): void {
    this.#positions.advance(partition, nextOffset)
    this.#version += 1
  }

  /** Notes that the partition has been read up to `nextOffset`, and that these records are too old to be kept. */
  pass(partition: number, nextOffset: number): void {
    this.advance(partition, nextOffset)
    this.#positions.raiseFloor(partition, nextOffset)
  }

  /**
   * Notes the loss of the records of the partition from its position up to `nextOffset`. Its earlier entries stay, because they are right for a
   * session that reads on. A cursor that does not cover the lost records is too old from now on. Other partitions do not change.
   */
  lose(partition: number, nextOffset: number): void {
    if (!this.#positions.lose(partition, nextOffset, this.#nextSeq)) return
    this.#losses += 1
    this.#version += 1
  }

  /** Returns true if records were lost behind the oldest entry: a session that starts there does not get them. */
  get hasLossAfterTail(): boolean {
    const first = this.#entries.first()
    return first !== undefined && this.#positions.hasLossAfter(first)
  }

  announceLosses(): void {
    this.#announcedLosses = this.#losses
  }

  hasEntries(partition: number): boolean {
    return this.#positions.hasEntries(partition)
  }

  /** Makes room for new partitions of the topic, which are read from offset 0. */
  grow(partitions: number): void {
    this.#positions.grow(partitions)
  }

  /** Changes the bytes of an entry, which encoding changes. */
  resize(entry: Entry, bytes: number): void {
    if (entry.seq < this.tailSeq) return
    this.#bytes += bytes - entry.bytes
    entry.bytes = bytes
  }

  /**
   * Drops entries beyond the limits. Old entries go in parts: a burst of 100,000 events becomes too old in one moment, and dropping all in one
   * turn would delay every session by 100 ms. @param nowMs milliseconds since the epoch
   */
  trim(nowMs: number): void {
    let dropped = 0
    for (let oldest = this.#entries.first(); oldest !== undefined; oldest = this.#entries.first()) {
      const isTooOld = nowMs - oldest.appendedAtMs > this.#limits.windowMs && dropped < maxKeysPerTrim
      if (!isTooOld && this.bytes <= this.#limits.maxBytes) return
      dropped += this.#drop(oldest)
    }
  }

  /** Drops the oldest entry. @returns the count of its keys, at least 1: the cost of the drop */
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

  /** Returns true if the entries from `fromSeq` on are all for everyone, so that all sessions there read the same. */
  isForEveryone(fromSeq: number): boolean {
    return this.#audiences.isForEveryone(fromSeq)
  }

  /** Returns the place from which a client with this cursor continues, or the reason why it cannot. */
  locate(cursor: Cursor): Location {
    if (cursor.topicTag !== this.#topicTag) return { kind: 'foreign' }
    const hasPendingGap = cursor.epochTag === this.#pendingGapTag
    if (!hasPendingGap && cursor.epochTag !== this.#epochTag) return { kind: 'other-epoch' }
    if (this.#positions.hasLost(cursor.offsets)) return { kind: 'too-old' }
    if (hasPendingGap) return { kind: 'pending-gap' }
    return { kind: 'found', fromSeq: this.#positions.firstUncovered(cursor.offsets) ?? this.#nextSeq }
  }

  isBehind(offsets: PartitionOffsets): boolean {
    return this.#positions.isBehind(offsets)
  }

  /** Returns true if the cursor after the entry, which must be in the replay log, is not behind the vector. */
  covers(entry: Entry, offsets: PartitionOffsets): boolean {
    const vector = this.#positions.vectorAfter(entry)
    return offsets.every((offset, partition) => offset <= (vector[partition] ?? 0))
  }

  /**
   * Returns the cursor after the entry, which must be in the replay log.
   * @param atLeast a vector that it must not fall behind; @param hasPendingGap the client has no gap for a loss yet
   */
  cursorAfter(entry: Entry, atLeast: PartitionOffsets | null = null, hasPendingGap = false): string {
    return this.#cursor(this.#positions.vectorAfter(entry), atLeast, hasPendingGap)
  }

  /** Returns the cursor right before the entry, which must be in the replay log. @param atLeast, hasPendingGap as for `cursorAfter` */
  cursorBefore(entry: Entry, atLeast: PartitionOffsets | null = null, hasPendingGap = false): string {
    return this.#cursor(this.#positions.vectorBefore(entry), atLeast, hasPendingGap)
  }

  /** Returns the cursor after everything read. @param atLeast a vector that it must not fall behind; @param hasPendingGap see `cursorAfter` */
  headCursor(atLeast: PartitionOffsets | null = null, hasPendingGap = false): string {
    return this.#cursor(this.#positions.positions, atLeast, hasPendingGap)
  }

  #cursor(offsets: PartitionOffsets, atLeast: PartitionOffsets | null, hasPendingGap: boolean): string {
    return encodeCursor({
      topicTag: this.#topicTag,
      epochTag: hasPendingGap ? this.#pendingGapTag : this.#epochTag,
      offsets: atLeast === null ? offsets : upperBound(offsets, atLeast),
    })
  }
}

/** Most keys that one trim drops for their age: 4 ms of work. Each append and each report of the topic's ends trims once. */
export const maxKeysPerTrim = 4_000

export interface ReplayLimits {
  /** Age, in milliseconds, at which an entry is dropped. */
  readonly windowMs: number
  /** Most bytes of all entries together, with the index over their audiences. */
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
  | { readonly kind: 'too-old' | 'pending-gap' | 'other-epoch' | 'foreign' }

function upperBound(a: PartitionOffsets, b: PartitionOffsets): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, partition) => Math.max(a[partition] ?? 0, b[partition] ?? 0))
}
