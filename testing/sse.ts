/** Reads the event stream that a session wrote, as a strict client does: bytes that a browser would ignore or reject throw. */

/** One message of an event stream. */
export interface StreamMessage {
  /** Id of this message alone; null when it has none. */
  readonly id: string | null
  readonly event: string
  readonly data: string
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the messages of whole blocks (HTML standard, section 9.2.6). Comments and blocks without data are no messages. */
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
