/*
 * A second reader of event streams beside testing/sse.ts, on purpose: an oracle written from the standard alone. It tests the code that
 * writes event streams. It also reads `retry` and comments.
 */

/** A message of an event stream, as a browser would dispatch it. */
export interface StreamMessage {
  readonly event: string
  readonly data: string
  readonly lastEventId: string
}

export interface ParsedStream {
  readonly messages: readonly StreamMessage[]
  readonly retryMs: number | null
  readonly comments: readonly string[]
}

/**
 * Interprets an event stream as the HTML standard defines it (section 9.2.6). Written from the standard, apart from the code that it tests.
 */
export function parseEventStream(text: string): ParsedStream {
  const messages: StreamMessage[] = []
  const comments: string[] = []
  let retryMs: number | null = null
  let [data, event, lastEventId, isData] = ['', '', '', false]
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (isData) messages.push({ event: event === '' ? 'message' : event, data: data.slice(0, -1), lastEventId })
      ;[data, event, isData] = ['', '', false]
      continue
    }
    if (line.startsWith(':')) comments.push(line.slice(1).trimStart())
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') [data, isData] = [`${data}${value}\n`, true]
    if (field === 'event') event = value
    if (field === 'id' && !value.includes('\0')) lastEventId = value
    if (field === 'retry' && /^\d+$/.test(value)) retryMs = Number(value)
  }
  return { messages, retryMs, comments }
}
