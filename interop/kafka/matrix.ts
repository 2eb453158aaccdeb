import type { Codec, TestCase } from './testing/plan.ts'

/** A codec with one of its levels; null: the client's own, or none. */
interface Compression {
  readonly codec: Codec
  readonly level: number | null
}

/** Cases that one foreign client produces. */
export interface Matrix {
  readonly compressions: readonly Compression[]
  readonly isIdempotent: boolean
  /** True when it can send a header without a value. */
  readonly hasNullHeaders: boolean
}

export const plain: readonly Compression[] = (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map((codec) => ({ codec, level: null }))

/** Codecs whose levels the client knows, each at the given ones; the others as they are. */
export const levels = (of: Readonly<Partial<Record<Codec, readonly number[]>>>): readonly Compression[] =>
  plain.flatMap(({ codec }) => (of[codec] ?? [null]).map((level) => ({ codec, level })))

/** Above the default of MAX_EVENT_BYTES, and below the broker's default of a batch, 1 MiB. */
const largePadBytes = 900_000
const smallPadBytes = 60

/** Each compression has a partition of its own, so the broker's files show what was done with it. */
export function casesOf({ compressions, isIdempotent, hasNullHeaders }: Matrix): readonly TestCase[] {
  return compressions.flatMap((compression, partition) => {
    const name = nameOf(compression)
    const basic: TestCase = {
      ...compression,
      name,
      title: '',
      partition,
      idempotent: false,
      count: 1,
      padBytes: smallPadBytes,
      nullValue: false,
      nullHeader: false,
      user: 'u1',
    }
    const kind = (title: string, more: Partial<TestCase>): TestCase => ({ ...basic, ...more, title, name: `${name}: ${title}` })
    return [
      kind('one record', {}),
      kind('1,000 records in a batch', { count: 1000 }),
      ...(isIdempotent ? [kind('1,000 records in a batch, idempotent', { count: 1000, idempotent: true })] : []),
      kind('one record of 900 KB', { padBytes: largePadBytes }),
      kind('records without a value', { count: 3, nullValue: true }),
      ...(hasNullHeaders ? [kind('records with a header without a value', { count: 3, nullHeader: true })] : []),
      kind('records for another user', { count: 10, user: 'u2' }),
    ]
  })
}

/** Name in the table and in the titles of tests. */
export const nameOf = ({ codec, level }: Compression): string => (level === null ? codec : `${codec} ${level}`)
