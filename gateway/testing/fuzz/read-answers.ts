import { decodeFrame, type RawFrame } from '../../adapters/ws/testing/raw-client.ts'

/** One answer of a server, as strict clients read it (RFC 9112). */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface Answers {
  /** The complete answers, and the present part of event streams. */
  readonly answers: readonly Answer[]
  /** Frames after a 101. */
  readonly frames: readonly RawFrame[]
  /** True when the bytes break off in the middle of an answer or frame. */
  readonly isCut: boolean
}

/**
 * Reads all answers of a connection.
 * @param isHead true: the only request was HEAD @throws when a strict client would refuse the bytes
 */
export function readAnswers(bytes: Buffer, isHead: boolean): Answers {
  const answers: Answer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return { answers, frames: [], isCut: true }
    const head = readHead(bytes.toString('latin1', at, end))
    const body = bytes.subarray(end + 4)
    if (head.status === 101) return { answers: [...answers, { ...head, body: Buffer.alloc(0) }], ...readFrames(body) }
    const read = readBody(head, body, isHead)
    if (read === null) return { answers, frames: [], isCut: true }
    answers.push({ ...head, body: read.body })
    at = end + 4 + read.bytes
  }
  return { answers, frames: [], isCut: false }
}

type Head = Omit<Answer, 'body'>

function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const [, status = ''] = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e]*$/.exec(first) ?? []
  if (status === '') throw new Error(`no status line of HTTP/1.1: ${JSON.stringify(first)}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/.exec(line) ?? []
    if (name === '') throw new Error(`no header of HTTP: ${JSON.stringify(line)}`)
    const key = name.toLowerCase()
    if (headers.has(key)) throw new Error(`the header ${key} is there twice`)
    headers.set(key, value)
  }
  return { status: Number(status), headers }
}

/**
 * Reads an answer.
 * @returns null when it is incomplete
 */
function readBody({ status, headers }: Head, bytes: Buffer, isHead: boolean): { readonly body: Buffer; readonly bytes: number } | null {
  const [length, coding] = [headers.get('content-length'), headers.get('transfer-encoding')]
  if (length !== undefined && coding !== undefined) throw new Error('an answer has Content-Length and Transfer-Encoding')
  if (isHead || status < 200 || status === 204 || status === 304) return { body: Buffer.alloc(0), bytes: 0 }
  if (coding !== undefined) return readChunks(bytes, headers.get('content-type') === 'text/event-stream')
  if (length === undefined && headers.get('connection') === 'close') return { body: bytes, bytes: bytes.length }
  if (length === undefined || !/^\d+$/.test(length)) throw new Error(`an answer of status ${status} has no length`)
  const size = Number(length)
  return bytes.length < size ? null : { body: bytes.subarray(0, size), bytes: size }
}

/** @param isStream true: a body without an end counts as well */
function readChunks(bytes: Buffer, isStream: boolean): { readonly body: Buffer; readonly bytes: number } | null {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) break
    const size = bytes.toString('latin1', at, end)
    if (!/^[0-9a-fA-F]{1,8}$/.test(size)) throw new Error(`no size of a chunk: ${JSON.stringify(size)}`)
    const [start, length] = [end + 2, Number.parseInt(size, 16)]
    if (bytes.length < start + length + 2) break
    if (bytes.toString('latin1', start + length, start + length + 2) !== '\r\n') throw new Error('a chunk does not end at its size')
    if (length === 0) return { body: Buffer.concat(chunks), bytes: start + 2 }
    chunks.push(bytes.subarray(start, start + length))
    at = start + length + 2
  }
  return isStream ? { body: Buffer.concat(chunks), bytes: bytes.length } : null
}

/** Reads frames of a server, which are not masked, not compressed, and not in fragments. */
function readFrames(bytes: Buffer): { readonly frames: readonly RawFrame[]; readonly isCut: boolean } {
  const frames: RawFrame[] = []
  for (let at = 0; at < bytes.length;) {
    const [first = 0, second = 0] = bytes.subarray(at, at + 2)
    if (![0x81, 0x88, 0x89, 0x8a].includes(first)) throw new Error(`a frame begins with ${first}`)
    if (second > 127) throw new Error('a frame of the server is masked')
    const frame = decodeFrame(bytes.subarray(at))
    if (frame === null) return { frames, isCut: true }
    frames.push(frame.value)
    at += frame.bytes
  }
  return { frames, isCut: false }
}
