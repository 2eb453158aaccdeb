import { openResponse, readAnswer, type HttpAnswer } from '../probe/probe-http.ts'
import { type ProbeSocket, upgrade } from '../probe/probe-socket.ts'
import { withDeadline } from '../../program/waiting.ts'
import { type AnyEvent, parseEvent } from './judge-event.ts'
import { bearer, type Lab } from './lab.ts'
import { createStreamBlocks, type StreamBlock } from './stream-blocks.ts'

export const jsonSubprotocol = 'cloudevents.json'

/** One thing that a server sends. */
export type Item =
  | { readonly kind: 'event'; readonly event: AnyEvent; readonly block: StreamBlock | null }
  | { readonly kind: 'broken'; readonly problem: string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'end'; readonly reason: string }

export interface EventStream {
  /** Subprotocol of the answer; null: none, and on SSE. */
  readonly subprotocol: string | null
  readonly headers: HttpAnswer['headers']
  /** Returns the next item, an end included, or null when none comes in time. */
  next(timeoutMs: number): Promise<Item | null>
  /** Reads until an event is wanted, for at most the time of the run. @returns all that came, and the wanted event or null */
  until(isWanted: (event: AnyEvent) => boolean): Promise<Seen>
  /** Sends a text message. A stream of SSE takes none. */
  send(text: string): void
  close(): void
}

export interface Seen {
  readonly items: readonly Item[]
  readonly events: readonly AnyEvent[]
  readonly found: AnyEvent | null
}

export type OpenedStream =
  | { readonly kind: 'open'; readonly stream: EventStream }
  | ({ readonly kind: 'refused'; readonly reason: string } & HttpAnswer)
  | { readonly kind: 'silent'; readonly reason: string }

export interface StreamRequest {
  /** Query of the URL. */
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Offered subprotocols. @default cloudevents.json alone */
  readonly protocols?: readonly string[]
  /** False: the request has no token. @default true */
  readonly withToken?: boolean
}

/** Limit on events that one look reads. A busy server sends more than a rule needs. */
const maxItems = 10_000

function target(url: URL, query: Readonly<Record<string, string>> = {}): URL {
  const changed = new URL(url)
  for (const [name, value] of Object.entries(query)) changed.searchParams.set(name, value)
  return changed
}

function headersOf(lab: Lab, { headers = {}, withToken = true }: StreamRequest): Readonly<Record<string, string>> {
  return { ...lab.headers, ...(withToken ? bearer(lab.token) : {}), ...headers }
}

export async function openSocketStream(lab: Lab, request: StreamRequest = {}): Promise<OpenedStream> {
  if (lab.socket === null) throw new Error('The WebSocket is missing; a profile that needs one asks for it.')
  const { origin, timeoutMs, interrupted } = lab
  const outcome = await upgrade({
    url: target(lab.socket, request.query),
    protocols: request.protocols ?? [jsonSubprotocol],
    headers: headersOf(lab, request),
    origin,
    timeoutMs,
    interrupted,
  })
  switch (outcome.kind) {
    case 'opened':
      return { kind: 'open', stream: streamOf(lab, { subprotocol: outcome.subprotocol, headers: {} }, socketReader(outcome.socket)) }
    case 'answered':
      return { ...outcome, kind: 'refused', reason: `the handshake was answered ${outcome.status}` }
    case 'silent':
      return outcome
    default:
      return outcome satisfies never
  }
}

interface Reader {
  next(timeoutMs: number): Promise<Item | null>
  send(text: string): void
  close(): void
}

function socketReader(socket: ProbeSocket): Reader {
  return {
    next: async (timeoutMs) => {
      const frame = await socket.next(({ kind }) => kind === 'text' || kind === 'binary', timeoutMs)
      if (frame === null || frame.kind === 'ping') return null
      if (frame.kind === 'binary') return { kind: 'broken', problem: 'it is a binary message' }
      if (frame.kind !== 'text') return frame
      const parsed = parseEvent(frame.text)
      return 'event' in parsed ? { kind: 'event', event: parsed.event, block: null } : { kind: 'broken', problem: parsed.problem }
    },
    send: (text) => socket.send(0x1, Buffer.from(text)),
    close: () => socket.close(),
  }
}

function streamOf(lab: Lab, facts: Pick<EventStream, 'subprotocol' | 'headers'>, reader: Reader): EventStream {
  return {
    ...facts,
    ...reader,
    until: async (isWanted) => {
      const items: Item[] = []
      const events: AnyEvent[] = []
      const endsAtMs = performance.now() + lab.timeoutMs
      for (let leftMs = lab.timeoutMs; leftMs > 0 && items.length < maxItems; leftMs = endsAtMs - performance.now()) {
        const item = await reader.next(leftMs)
        if (item === null) break
        items.push(item)
        if (item.kind === 'close' || item.kind === 'end') break
        if (item.kind !== 'event') continue
        events.push(item.event)
        if (isWanted(item.event)) return { items, events, found: item.event }
      }
      return { items, events, found: null }
    },
  }
}

/** A stream is left after this many times the time of one answer. */
const streamLives = 20

export async function openEventStream(lab: Lab, request: StreamRequest = {}): Promise<OpenedStream> {
  if (lab.stream === null) throw new Error('The event stream is missing; a profile that needs one asks for it.')
  const left = new AbortController()
  const opened = await withDeadline(
    openResponse({
      url: target(lab.stream, request.query),
      headers: {
        accept: 'text/event-stream',
        ...headersOf(lab, request),
        ...(lab.origin === null ? {} : { origin: lab.origin }),
      },
      timeoutMs: lab.timeoutMs * streamLives,
      interrupted: AbortSignal.any([lab.interrupted, left.signal]),
    }),
    lab.timeoutMs,
    () => null,
  )
  if (opened === null) {
    left.abort()
    return { kind: 'silent', reason: `no answer within ${lab.timeoutMs} ms` }
  }
  if (!opened.ok) return { kind: 'silent', reason: opened.error }
  const { response } = opened.value
  if (response.statusCode === 200) {
    const blocks = createStreamBlocks(response, () => left.abort())
    return { kind: 'open', stream: streamOf(lab, { subprotocol: null, headers: response.headers }, blockReader(blocks)) }
  }
  const answer = await readAnswer(opened.value, lab)
  if (!answer.ok) return { kind: 'silent', reason: answer.error }
  return { kind: 'refused', reason: `the event stream was answered ${answer.value.status}`, ...answer.value }
}

function blockReader(blocks: ReturnType<typeof createStreamBlocks>): Reader {
  return {
    next: async (timeoutMs) => {
      const block = await blocks.next(timeoutMs)
      if (block === null) return null
      if ('end' in block) return { kind: 'end', reason: block.end }
      if (block.event === 'close') return closeOf(block.data)
      const parsed = parseEvent(block.data)
      return 'event' in parsed ? { kind: 'event', event: parsed.event, block } : { kind: 'broken', problem: parsed.problem }
    },
    send: () => undefined,
    close: blocks.close,
  }
}

function closeOf(data: string): Item {
  const parsed = parseEvent(data)
  const { code, text } = 'event' in parsed ? parsed.event : {}
  return { kind: 'close', code: typeof code === 'number' ? code : 0, reason: String(text) }
}
