import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip } from 'node:zlib'
import { createSseParser } from '../../client/sse-parser.ts'
import { type Check, type Checked, doubtful, type Facts, type Finding, fine, untried, wrong } from './check.ts'
import { readRefusal } from '../problem.ts'
import { type HttpRequest, openResponse, textOf } from '../probe/probe-http.ts'

/** Times of an event stream, in milliseconds after the request. Null: not in time. */
export interface SeenStream {
  readonly status: number
  readonly contentType: string
  /** Null: none, as the gateway sends it. */
  readonly contentEncoding: string | null
  readonly headMs: number
  readonly firstBytesMs: number | null
  readonly firstEventMs: number | null
  /** Body of a refusal; the beginning of a stream. */
  readonly text: string
}

const passStreams =
  'Let the proxy pass each piece on at once. nginx: proxy_buffering off, and gzip off for text/event-stream; it also obeys X-Accel-Buffering, which the gateway sends, unless proxy_ignore_headers names it.'
/** A stream whose first event is later than this after its head is held back by something. */
const promptMs = 1_000
const maxTextCharacters = 100_000

export const sseCheck: Check = {
  needs: ['http', 'origin', 'token'],
  run: async ({ target, token, origin, timeoutMs, interrupted, now }, facts): Promise<Checked> => {
    if (token === null) return { finding: untried('It needs a token.', 'Give a token.') }
    const url = new URL(target.events)
    url.searchParams.set('cursor', 'latest')
    const headers = {
      accept: 'text/event-stream',
      // Browsers send it: a proxy that compresses does so for them.
      'accept-encoding': 'gzip, br',
      authorization: `Bearer ${token}`,
      ...(origin === null ? {} : { origin }),
    }
    const seen = await readStream({ url, headers, timeoutMs, interrupted }, now)
    return {
      finding:
        typeof seen === 'string'
          ? wrong(`The event stream has no answer (${seen}): a proxy holds it back.`, passStreams)
          : diagnoseStream(seen, timeoutMs, facts),
    }
  },
}

/** Reads the stream to its first event. @returns a reason when no head of an answer came */
async function readStream(request: HttpRequest, now: () => number): Promise<SeenStream | string> {
  const startedAtMs = now()
  const elapsedMs = (): number => now() - startedAtMs
  const opened = await openResponse(request)
  if (!opened.ok) return opened.error
  const { response } = opened.value
  const headMs = elapsedMs()
  let firstBytesMs: number | null = null
  let firstEventMs: number | null = null
  let text = ''
  const parse = createSseParser(() => (firstEventMs ??= elapsedMs()))
  try {
    for await (const chunk of decode(response).setEncoding('utf8')) {
      firstBytesMs ??= elapsedMs()
      text += String(chunk)
      parse(String(chunk))
      if (firstEventMs !== null || text.length > maxTextCharacters) break
    }
  } catch {
    // The time is over, or the connection was cut: the times say how far it came.
  }
  response.destroy()
  const { statusCode: status = 0, headers } = response
  return {
    status,
    contentType: headers['content-type'] ?? '',
    contentEncoding: textOf(headers['content-encoding']),
    headMs,
    firstBytesMs,
    firstEventMs,
    text,
  }
}

/** Returns the body as the gateway sent it. A proxy that compresses may still pass each piece on at once. */
function decode(response: IncomingMessage): Readable {
  const decoder = decoders[response.headers['content-encoding'] ?? '']?.()
  if (decoder === undefined) return response
  // The end of one side ends the other.
  response.on('error', (error) => decoder.destroy(error))
  return response.pipe(decoder)
}

const decoders: Readonly<Record<string, () => ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>>> = {
  gzip: () => createGunzip({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
}

export function diagnoseStream(seen: SeenStream, timeoutMs: number, { socketEventMs }: Facts): Finding {
  const { status, contentType, contentEncoding, headMs, firstBytesMs, firstEventMs } = seen
  if (status !== 200) {
    const refusal = readRefusal({ status, text: seen.text, retryAfter: null })
    return wrong(`The event stream is answered ${status}.`, refusal.detail)
  }
  if (!contentType.startsWith('text/event-stream'))
    return wrong(
      `The content type is ${contentType === '' ? 'missing' : contentType}, and not text/event-stream.`,
      'A proxy answers in place of the gateway, or changes the type. Check its rules for the path.',
    )
  const compressed = contentEncoding === null ? '' : ` A proxy compresses the stream (${contentEncoding}).`
  const beside = socketEventMs === undefined ? '' : ` Over WebSocket the first event came after ${socketEventMs} ms.`
  if (firstBytesMs === null)
    return wrong(
      `The head of the stream came after ${headMs} ms, and then no byte within ${timeoutMs} ms: a proxy buffers.${compressed}${beside}`,
      passStreams,
    )
  if (firstEventMs === null)
    return wrong(
      `The first bytes came after ${firstBytesMs} ms, and no event within ${timeoutMs} ms: a proxy buffers.${compressed}${beside}`,
      passStreams,
    )
  if (firstEventMs - headMs > promptMs)
    return doubtful(
      `The first event came ${firstEventMs - headMs} ms after the head: a proxy may buffer.${compressed}${beside}`,
      passStreams,
    )
  return fine(`First bytes after ${firstBytesMs} ms, first event after ${firstEventMs} ms.${compressed}`)
}
