import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audienceKeys } from '../audience/audience-keys.ts'
import { anAudience } from '../testing/builders.ts'
import { furtherKeyBytes, keyBytes } from './audience-index.ts'
import { type Cursor, decodeCursor } from './cursor.ts'
import { type Entry, entryOverheadBytes } from './entry.ts'
import { maxKeysPerTrim, ReplayLog, type ReplayLimits } from './replay-log.ts'

const contentBytes = 100
const entryBytes = entryOverheadBytes + contentBytes

/** A log that has begun: two partitions, from their beginnings. */
function aLog(limits: Partial<ReplayLimits> = {}, startOffsets: readonly number[] = [0, 0]): ReplayLog {
  const log = new ReplayLog('topic', { windowMs: 60_000, maxBytes: 1_000_000, ...limits })
  log.reset({ epoch: 'first', startOffsets, endOffsets: startOffsets })
  return log
}

interface Appended {
  readonly partition?: number
  readonly offset?: number
  readonly user?: string
  readonly atMs?: number
  readonly bytes?: number
}

/** An event for one user at the next offset of partition 0, unless the test says otherwise. */
function append(log: ReplayLog, { partition = 0, offset, user = 'ann', atMs = 0, bytes = contentBytes }: Appended = {}): Entry {
  return log.append({
    partition,
    offset: offset ?? log.positions[partition] ?? 0,
    audience: anAudience({ users: [user] }),
    timestampMs: atMs,
    appendedAtMs: atMs,
    traceparent: null,
    content: { kind: 'parsed', event: {}, bytes },
    contentBytes: bytes,
  })
}

function appendFor(log: ReplayLog, users: readonly string[]): void {
  log.append({
    partition: 0,
    offset: log.positions[0] ?? 0,
    audience: anAudience({ users }),
    timestampMs: 0,
    appendedAtMs: 0,
    traceparent: null,
    content: { kind: 'parsed', event: {}, bytes: contentBytes },
    contentBytes,
  })
}

function cursor(text: string): Cursor {
  const decoded = decodeCursor(text)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

/** The cursor of a log, at other offsets. */
const at = (log: ReplayLog, offsets: readonly number[]): Cursor => ({ ...cursor(log.headCursor()), offsets })

describe('the limits of the log', () => {
  it('drop the oldest entries when all together are more bytes than may be, and keep as many as fit', () => {
    const log = aLog({ maxBytes: 3 * entryBytes + keyBytes })
    for (let index = 0; index < 10; index += 1) append(log)
    expect([log.length, log.bytes, log.tailSeq, log.headSeq]).toEqual([3, 3 * entryBytes + keyBytes, 7, 10])
  })

  it('drop what is older than the window when something arrives, and when nothing does', () => {
    const log = aLog({ windowMs: 1_000 })
    append(log, { atMs: 0 })
    append(log, { atMs: 600 })
    append(log, { atMs: 1_001 })
    expect([log.length, log.oldestAppendedAtMs]).toEqual([2, 600])
    log.trim(1_600)
    expect(log.length).toBe(2)
    log.trim(1_601)
    expect(log.length).toBe(1)
    log.trim(10_000)
    expect([log.length, log.bytes, log.oldestAppendedAtMs, log.tailSeq]).toEqual([0, 0, null, log.headSeq])
  })

  it('do not hold an entry that is larger than the whole log, nor anything before it, and the log goes on', () => {
    const log = aLog({ maxBytes: 2 * entryBytes + keyBytes })
    append(log)
    append(log, { bytes: 10 * entryBytes })
    expect([log.length, log.bytes]).toEqual([0, 0])
    append(log)
    expect([log.length, log.bytes, log.locate(at(log, [2, 0])).kind, log.locate(at(log, [1, 0])).kind]).toEqual([
      1,
      entryBytes + keyBytes,
      'found',
      'too-old',
    ])
  })

  it('count what an entry takes now that it is encoded, and drop by it', () => {
    const log = aLog({ maxBytes: 3 * entryBytes + keyBytes })
    const first = append(log)
    const second = append(log)
    log.resize(second, 2 * entryBytes)
    expect(log.bytes).toBe(3 * entryBytes + keyBytes)
    append(log)
    expect([log.bytes, log.tailSeq]).toEqual([3 * entryBytes + keyBytes, second.seq])
    log.resize(first, 50 * entryBytes)
    expect(log.bytes).toBe(3 * entryBytes + keyBytes)
    append(log)
    expect([log.bytes, log.tailSeq]).toEqual([2 * entryBytes + keyBytes, second.seq + 1])
  })

  it('count the names of audiences: 1,000 events for 1,000 users each took 300 MB where 10 were counted', () => {
    const log = aLog({ maxBytes: 10_000_000 })
    for (let event = 0; event < 100; event += 1)
      appendFor(
        log,
        Array.from({ length: 1_000 }, (_, index) => `user-${event}-${index}`),
      )
    expect([log.length, log.bytes <= 10_000_000]).toEqual([
      Math.floor(10_000_000 / (entryBytes + 1_000 * keyBytes + 999 * furtherKeyBytes)),
      true,
    ])
    for (let turn = 0; turn < 10; turn += 1) log.trim(10_000_000)
    expect([log.length, log.bytes]).toEqual([0, 0])
  })

  it('let a burst that is too old all at once go in several turns, so that none of them is long', () => {
    const log = aLog({ windowMs: 1_000, maxBytes: 1_000_000_000 })
    for (let index = 0; index < 2 * maxKeysPerTrim + 1; index += 1) append(log)
    const lengths = [1, 2, 3].map(() => {
      log.trim(5_000)
      return log.length
    })
    expect(lengths).toEqual([maxKeysPerTrim + 1, 1, 0])
  })
})

describe('sequence numbers', () => {
  it('never repeat, even after a reset', () => {
    const log = aLog()
    const before = append(log)
    log.reset({ epoch: 'second', startOffsets: [7, 7], endOffsets: [7, 7] })
    expect([log.tailSeq, log.entry(before.seq)]).toEqual([before.seq + 1, undefined])
    expect(append(log).seq).toBe(before.seq + 1)
  })
})

describe('the version', () => {
  it('changes with each position, and with nothing else', () => {
    const log = aLog()
    const steps: (() => void)[] = [
      () => void append(log),
      () => log.advance(1, 5),
      () => log.reset({ epoch: 'e', startOffsets: [0], endOffsets: [0] }),
    ]
    const versions = [log.version, ...steps.map((step) => (step(), log.version))]
    expect(new Set(versions).size).toBe(versions.length)
    const before = log.version
    log.trim(1e12)
    expect(log.version).toBe(before)
  })
})

describe('finding the place of a cursor', () => {
  it('of another topic: foreign', () => {
    const other = new ReplayLog('another-topic', { windowMs: 1, maxBytes: 1 })
    other.reset({ epoch: 'first', startOffsets: [0, 0], endOffsets: [0, 0] })
    expect(aLog().locate(cursor(other.headCursor()))).toEqual({ kind: 'foreign' })
  })

  it('of another life of the topic', () => {
    const log = aLog()
    const before = cursor(log.headCursor())
    log.reset({ epoch: 'second', startOffsets: [0, 0], endOffsets: [0, 0] })
    expect(log.locate(before)).toEqual({ kind: 'other-epoch' })
  })

  it('in the middle: the first entry of any partition that it does not cover', () => {
    const log = aLog()
    for (const partition of [0, 1, 0, 1]) append(log, { partition })
    expect(log.locate(at(log, [1, 1]))).toEqual({ kind: 'found', fromSeq: 2 })
    expect(log.locate(at(log, [2, 0]))).toEqual({ kind: 'found', fromSeq: 1 })
    expect(log.locate(at(log, [0, 2]))).toEqual({ kind: 'found', fromSeq: 0 })
  })

  it('in a hole of the offsets: behind the hole', () => {
    const log = aLog()
    append(log, { offset: 3 })
    append(log, { offset: 9 })
    expect(log.locate(at(log, [6, 0]))).toEqual({ kind: 'found', fromSeq: 1 })
  })

  it('at the end: the head', () => {
    const log = aLog()
    append(log)
    expect(log.locate(cursor(log.headCursor()))).toEqual({ kind: 'found', fromSeq: log.headSeq })
  })

  it('beyond what this pod has read: ahead, in that partition alone', () => {
    const log = aLog()
    append(log, { partition: 0 })
    append(log, { partition: 1 })
    expect(log.locate(at(log, [5, 0]))).toEqual({ kind: 'found', fromSeq: 1 })
    expect(log.isBehind([5, 0])).toBe(true)
    log.advance(0, 5)
    expect(log.isBehind([5, 0])).toBe(false)
  })

  it('before what the log began with, or has dropped: too old, and one offset later it is not', () => {
    const begun = aLog({}, [10, 0])
    expect([begun.locate(at(begun, [9, 0])).kind, begun.locate(at(begun, [10, 0])).kind]).toEqual(['too-old', 'found'])
    const dropped = aLog({ maxBytes: entryBytes + keyBytes })
    append(dropped, { offset: 4 })
    append(dropped, { offset: 8 })
    expect([dropped.locate(at(dropped, [4, 0])).kind, dropped.locate(at(dropped, [5, 0]))]).toEqual([
      'too-old',
      { kind: 'found', fromSeq: 1 },
    ])
  })

  it('before records without an entry: not too old, because nothing is lost', () => {
    const log = aLog()
    log.advance(0, 100)
    expect(log.locate(at(log, [0, 0]))).toEqual({ kind: 'found', fromSeq: 0 })
  })

  it('before records that were read and were too old to be kept: too old', () => {
    const log = aLog()
    log.pass(0, 100)
    expect([log.locate(at(log, [99, 0])).kind, log.locate(at(log, [100, 0])).kind]).toEqual(['too-old', 'found'])
  })

  it('from before the topic had more partitions: the new ones count from their beginning', () => {
    const log = aLog()
    const before = cursor(log.headCursor())
    log.grow(3)
    append(log, { partition: 2 })
    expect([before.offsets.length, log.locate(before)]).toEqual([2, { kind: 'found', fromSeq: 0 }])
  })

  it('of a pod that knows of more partitions than this one: ahead only if it covers something in them', () => {
    const log = aLog()
    expect([log.locate(at(log, [0, 0, 0])), log.locate(at(log, [0, 0, 1]))]).toEqual([
      { kind: 'found', fromSeq: 0 },
      { kind: 'found', fromSeq: 0 },
    ])
  })
})

describe('cursors', () => {
  it('do not fall behind the given vector', () => {
    const log = aLog()
    const entry = append(log)
    expect(cursor(log.cursorAfter(entry, [0, 50])).offsets).toEqual([1, 50])
    expect(cursor(log.headCursor([9, 0, 3])).offsets).toEqual([9, 0, 3])
  })

  /**
   * A partition whose records were all too old to be kept has no entry, and 31 of 32 entries of the others know of it only what
   * their checkpoint knew. Their cursors covered no record of that partition: too old for the replay log that made them.
   */
  it('cover what was too old to be kept by the time they are made', () => {
    const log = aLog()
    append(log, { partition: 1 })
    log.pass(0, 100)
    const entry = append(log, { partition: 1 })
    expect(cursor(log.cursorAfter(entry)).offsets).toEqual([100, 2])
    expect(log.locate(cursor(log.cursorAfter(entry)))).toEqual({ kind: 'found', fromSeq: entry.seq + 1 })
  })
})

/** Operations on a replay log, in any order. Numbers are reduced to what is possible when they are used. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        partition: fc.nat({ max: 2 }),
        hole: fc.nat({ max: 2 }),
        user: fc.nat({ max: 3 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('advance' as const, 'pass' as const),
        partition: fc.nat({ max: 3 }),
        by: fc.integer({ min: 1, max: 9 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('encode' as const, 'grow' as const, 'reset' as const), by: fc.nat({ max: 400 }) }),
    },
  ),
  { minLength: 1, maxLength: 250 },
)
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** The log after these steps, and all entries that it still has, by a list that only ever appends. */
function after(taken: Steps, maxEntries: number): { readonly log: ReplayLog; readonly held: readonly Entry[] } {
  const log = aLog({ maxBytes: maxEntries * entryBytes }, [0, 5])
  let appended: Entry[] = []
  for (const step of taken) {
    if (step.kind === 'append') {
      const offset = (log.positions[step.partition] ?? 0) + step.hole
      appended.push(append(log, { partition: step.partition, offset, user: `user-${step.user}` }))
    } else if (step.kind === 'advance' || step.kind === 'pass') {
      log[step.kind](step.partition, (log.positions[step.partition] ?? 0) + step.by)
    } else if (step.kind === 'grow') {
      log.grow(4)
    } else if (step.kind === 'reset') {
      const { positions } = log
      log.reset({ epoch: 'first', startOffsets: [...positions], endOffsets: [...positions] })
      appended = []
    } else {
      const entry = appended.at(-1)
      if (entry !== undefined) log.resize(entry, entryBytes + step.by)
    }
  }
  return { log, held: appended.filter(({ seq }) => seq >= log.tailSeq) }
}

describe('a replay log after any operations', () => {
  it('the cursor of an entry covers it and all before it and none after it, and is never too old while the entry is held', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 120 }), (taken, maxEntries) => {
        const { log, held } = after(taken, maxEntries)
        for (const entry of held) {
          const { offsets } = cursor(log.cursorAfter(entry))
          expect(held.filter(({ partition, offset }) => offset < (offsets[partition] ?? 0)).map(({ seq }) => seq)).toEqual(
            held.filter(({ seq }) => seq <= entry.seq).map(({ seq }) => seq),
          )
          expect(log.locate({ ...cursor(log.headCursor()), offsets })).toEqual({ kind: 'found', fromSeq: entry.seq + 1 })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('the log holds the entries that it says, in order, and counts their bytes', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), (taken, maxEntries) => {
        const { log, held } = after(taken, maxEntries)
        expect(Array.from({ length: log.length }, (_, index) => log.entry(log.tailSeq + index))).toEqual(held)
        expect([log.entry(log.tailSeq - 1), log.entry(log.headSeq)]).toEqual([undefined, undefined])
        const keys = new Set(held.flatMap(({ audience }) => audienceKeys(audience)))
        expect(log.bytes).toBe(held.reduce((sum, { bytes }) => sum + bytes, keys.size * keyBytes))
      }),
    )
  })

  it('a visit finds what a look at every entry finds, from anywhere on, each once and in order', () => {
    const listeners = fc.subarray(['u:', 'x'], { minLength: 0 })
    fc.assert(
      fc.property(steps, fc.nat({ max: 300 }), fc.uniqueArray(fc.nat({ max: 3 })), listeners, (taken, from, users, more) => {
        const { log, held } = after(taken, 60)
        const keys = [...users.flatMap((user) => audienceKeys(anAudience({ users: [`user-${user}`] }))), ...more]
        const visited: number[] = []
        log.visit(keys, from, ({ seq }) => visited.push(seq) > 0)
        expect(visited).toEqual(
          held.filter(({ seq, audience }) => seq >= from && audienceKeys(audience).some((key) => keys.includes(key))).map(({ seq }) => seq),
        )
      }),
    )
  })
})
