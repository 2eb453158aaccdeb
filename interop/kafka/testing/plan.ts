export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** Standard input of a foreign program, as JSON. Each program implements the parts that its client can do. */
export interface Plan {
  /** host:port */
  readonly brokers: string
  readonly topic: string
  /** A long text. Each record holds the beginning of it. */
  readonly pad: string
  readonly cases: readonly TestCase[]
  readonly steps: readonly Step[]
  readonly events: readonly SdkEvent[]
}

/** One way to produce. Record n has the id `name/n`. All records of a case make one batch. */
export interface TestCase {
  readonly name: string
  /** Name without the compression. */
  readonly title: string
  readonly partition: number
  readonly codec: Codec
  readonly level: number | null
  readonly idempotent: boolean
  readonly count: number
  readonly padBytes: number
  readonly nullValue: boolean
  /** One more header, `x-null`, without a value. */
  readonly nullHeader: boolean
  readonly user: string
}

/** One act of one transactional producer. A poison record is undecodable for every gateway; its value is its id. */
export interface Step {
  readonly do: 'begin' | 'event' | 'poison' | 'commit' | 'abort'
  readonly producer: string
  readonly id: string
  readonly partition: number
}

/** An event that a CloudEvents SDK makes and encodes. */
export interface SdkEvent {
  readonly id: string
  readonly mode: 'binary' | 'structured'
  readonly data: 'json' | 'text' | 'none'
  /** Attribute datacontenttype; null: the caller leaves it out. */
  readonly contentType: string | null
  readonly user: string
}

/** A line of a foreign program: how many records of a case the broker acknowledged. */
export interface Report {
  readonly name: string
  readonly sent: number
  readonly error?: string
}

/** Half of it repeats and half of it does not, so codecs have both to do. The seed is fixed: a failure can be repeated. */
export function makePad(bytes: number): string {
  let state = 42
  let text = ''
  while (text.length < bytes) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    text += `${state.toString(36)} the quick brown fox `
  }
  return text.slice(0, bytes)
}
