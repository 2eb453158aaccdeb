import { marks, type RequestSpec } from './arbitrary-requests.ts'

/** The values of the marks of a request. */
export type MarkValues = Readonly<Record<keyof typeof marks, string>>

export interface RenderedRequest {
  /** The bytes, in the parts in which they are to be written. */
  readonly parts: readonly Buffer[]
  readonly head: string
  readonly body: Buffer
}

/** Renders the bytes of a request. `head` and `body` are what a lenient reader finds in them after the changes. */
export function renderRequest(spec: RequestSpec, values: MarkValues): RenderedRequest {
  const body = Buffer.from(fill(spec.body.toString('latin1'), values), 'latin1')
  const headers = [...spec.headers, ...framingOf(spec, body)].map(([name, value]) => `${bytesOf(name)}: ${bytesOf(value)}\r\n`)
  const head = fill(`${bytesOf(spec.method)} ${bytesOf(spec.target)} ${bytesOf(spec.version)}\r\n${headers.join('')}\r\n`, values)
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), ...(spec.framing === 'chunks' ? chunksOf(body) : [body])])
  for (const [place, byte] of spec.changes) bytes[Math.min(bytes.length - 1, Math.floor(place * bytes.length))] = byte
  return {
    parts: cut(bytes, spec.cuts),
    head: bytes.toString('latin1', 0, head.length),
    body: spec.framing === 'chunks' ? dechunk(bytes.subarray(head.length)) : bytes.subarray(head.length),
  }
}

function framingOf({ framing }: RequestSpec, body: Buffer): RequestSpec['headers'] {
  if (framing === 'none') return []
  return framing === 'length' ? [['content-length', String(body.length)]] : [['transfer-encoding', 'chunked']]
}

/** Returns a text as its bytes of UTF-8, one a character: a header that is not ASCII goes over the wire in this form. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')

function fill(text: string, values: MarkValues): string {
  let filled = text
  for (const [name, mark] of Object.entries(marks)) filled = filled.replaceAll(mark, values[name as keyof MarkValues]) // the keys of `marks`
  return filled
}

const chunkBytes = 1_000

function chunksOf(body: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes)
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return [...chunks, Buffer.from('0\r\n\r\n')]
}

/** Returns the bytes between the sizes, which are where `chunksOf` has put them unless a change has hit them. */
function dechunk(bytes: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n', at)
    const size = end < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (!(size > 0)) break
    chunks.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 4 + size
  }
  return Buffer.concat(chunks)
}

function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((part) => Math.floor(part * bytes.length)).toSorted((a, b) => a - b), bytes.length]
  return places
    .slice(1)
    .map((end, index) => bytes.subarray(places[index], end))
    .filter((part) => part.length > 0)
}
