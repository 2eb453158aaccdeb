import type { HttpAnswer } from '../probe/probe-http.ts'
import type { AnyEvent } from './judge-event.ts'
import { parseEvent } from './judge-event.ts'
import type { Lab, Message } from './lab.ts'
import { decodeHeader } from './messages.ts'
import { openSocketStream, type OpenedStream } from './streams.ts'

/** An event as the server understood it. */
export interface Received {
  readonly attributes: AnyEvent
  readonly data: ReceivedData
}

export interface ReceivedData {
  /** The data as JSON; undefined: they are not JSON. */
  readonly json: unknown
  readonly bytes: Buffer
}

/** What became of one message. */
export interface Exchange {
  /** Status of the answer; null: none came. */
  readonly status: number | null
  readonly isAccepted: boolean
  /** Sentence about the answer. */
  readonly answer: string
  /** Null: the event was not seen, and `why` says why. */
  readonly received: Received | null
  readonly why: string
  /** Answer that carries an event; null: it carries none. */
  readonly reply: Reply | null
}

export interface Reply {
  readonly mode: 'binary' | 'structured'
  readonly headers: HttpAnswer['headers']
  /** The event of the reply; null: it breaks the format. */
  readonly event: Received | null
}

/**
 * Sends a message and finds out how the server understood it: from a CloudEvent in the answer, or from the WebSocket of the same server.
 * A refused message is not looked for.
 */
export async function exchange(lab: Lab, message: Message & { readonly id: string }): Promise<Exchange> {
  const listening = lab.socket === null ? null : await openSocketStream(lab)
  try {
    const answer = await lab.post(message)
    if (!answer.ok)
      return { status: null, isAccepted: false, answer: `No answer (${answer.error}).`, received: null, why: answer.error, reply: null }
    const { status } = answer.value
    const isAccepted = status >= 200 && status < 300
    const reply = readReply(answer.value)
    const described = `The answer is ${status}.`
    if (!isAccepted) return { status, isAccepted, answer: described, received: null, why: `it was answered ${status}`, reply: null }
    if (reply !== null) return { status, isAccepted, answer: described, received: reply.event, why: 'the reply is no event', reply }
    return { status, isAccepted, answer: described, reply, ...(await look(lab, listening, message.id)) }
  } finally {
    if (listening?.kind === 'open') listening.stream.close()
  }
}

async function look(lab: Lab, listening: OpenedStream | null, id: string): Promise<Pick<Exchange, 'received' | 'why'>> {
  if (listening === null)
    return { received: null, why: 'the answer carries no event, and no WebSocket was given (--socket-url) that shows what arrived' }
  if (listening.kind !== 'open') return { received: null, why: `the WebSocket that shows what arrives did not open: ${listening.reason}` }
  const { found } = await listening.stream.until((event) => event['id'] === id && event['source'] === lab.source)
  return { received: found === null ? null : receivedOf(found), why: `it was accepted, and did not arrive within ${lab.timeoutMs} ms` }
}

/** Returns an event in the JSON format with its data. */
export function receivedOf(event: AnyEvent): Received {
  const { data, data_base64: base64, ...attributes } = event
  if (typeof base64 === 'string') return { attributes, data: dataOf(Buffer.from(base64, 'base64')) }
  if (data === undefined) return { attributes, data: { json: undefined, bytes: Buffer.alloc(0) } }
  return { attributes, data: { json: data, bytes: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)) } }
}

function dataOf(bytes: Buffer): ReceivedData {
  try {
    return { json: JSON.parse(bytes.toString()), bytes }
  } catch {
    return { json: undefined, bytes }
  }
}

function readReply({ headers, bytes, text }: HttpAnswer): Reply | null {
  const contentType = headers['content-type'] ?? ''
  if (/^application\/cloudevents\+json\b/i.test(contentType)) {
    const parsed = parseEvent(text)
    return { mode: 'structured', headers, event: 'event' in parsed ? receivedOf(parsed.event) : null }
  }
  if (headers['ce-specversion'] === undefined && headers['ce-id'] === undefined) return null
  const attributes = Object.entries(headers).flatMap(([name, value]) => {
    const decoded = name.startsWith('ce-') ? decodeHeader(String(value)) : null
    return decoded === null ? [] : [[name.slice(3), decoded] as const]
  })
  const datacontenttype = contentType === '' ? {} : { datacontenttype: contentType }
  return { mode: 'binary', headers, event: { attributes: { ...Object.fromEntries(attributes), ...datacontenttype }, data: dataOf(bytes) } }
}
