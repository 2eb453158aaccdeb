/** What a client would make of the bytes that a session wrote. Strict: whatever a browser would refuse throws. */

/** The texts of a run of whole frames: each one unmasked, unfragmented text message from a server (RFC 6455, section 5.2). */
export function parseTextFrames(bytes: Buffer): readonly string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length;) {
    const { start, length } = readHeader(bytes, at)
    const end = start + length
    if (end > bytes.length) throw new Error(`the frame at byte ${at} says ${length} bytes, but ${bytes.length - start} follow`)
    texts.push(strictUtf8.decode(bytes.subarray(start, end)))
    at = end
  }
  return texts
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readHeader(bytes: Buffer, at: number): { readonly start: number; readonly length: number } {
  const [first, second] = bytes.subarray(at, at + 2)
  if (first !== 0x81) throw new Error(`the frame at byte ${at} begins with ${first}; expected 129: the last fragment, a text`)
  if (second === undefined) throw new Error(`the frame at byte ${at} has no length`)
  if (second > 127) throw new Error(`the frame at byte ${at} is masked; a server does not mask`)
  if (second < 126) return { start: at + 2, length: second }
  const [width, least] = second === 126 ? [2, 126] : [8, 65_536]
  if (bytes.length < at + 2 + width) throw new Error(`the frame at byte ${at} breaks off in its length`)
  const length = width === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  if (length < least) throw new Error(`the frame at byte ${at} says ${length} in ${width} bytes; the shortest form is demanded`)
  return { start: at + 2 + width, length }
}

/** One message of an event stream. */
export interface StreamMessage {
  /** Of this message alone; null when it has none. */
  readonly id: string | null
  readonly event: string
  readonly data: string
}

/** The messages of a run of whole blocks of an event stream (HTML standard, section 9.2.6); comments and blocks without data are none. */
export function parseStreamMessages(bytes: Buffer): readonly StreamMessage[] {
  const text = strictUtf8.decode(bytes)
  if (text !== '' && !text.endsWith('\n\n')) throw new Error('the event stream breaks off in the middle of a message')
  return text.split('\n\n').flatMap(parseBlock)
}

function parseBlock(block: string): readonly StreamMessage[] {
  const fields = block
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '' && !line.startsWith(':'))
    .map((line) => /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [])
  const values = (field: string): readonly string[] => fields.filter(([, name]) => name === field).map(([, , value = '']) => value)
  const data = values('data')
  return data.length === 0 ? [] : [{ id: values('id').at(-1) ?? null, event: values('event').at(-1) ?? 'message', data: data.join('\n') }]
}
