import { failed, ok, type Result } from '../../../program/result.ts'
import type { GetFetch } from './issuer-fetch.ts'

export interface FetchTextOptions {
  readonly fetch: GetFetch
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Ends the fetch early. */
  readonly signal: AbortSignal
}

/** Gets a text of bounded size in bounded time. Does not follow redirects: keys come only from the configured place. Never rejects. */
export async function fetchText(url: string, { fetch, timeoutMs, maxBytes, signal }: FetchTextOptions): Promise<Result<string, string>> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), timeoutMs)
  try {
    const response = await fetch(url, {
      redirect: 'error',
      headers: { accept: 'application/jwk-set+json, application/json' },
      signal: AbortSignal.any([timeout.signal, signal]),
    })
    if (response.status === 200) return await readBounded(response, maxBytes)
    await response.body?.cancel()
    return failed(`the response was HTTP status ${response.status}, not 200`)
  } catch (error) {
    // The timeout, the abort of a stop, and any fault of the network, of TLS or of the peer's HTTP arrive here.
    return failed(timeout.signal.aborted ? `there was no complete response within ${timeoutMs} ms` : reasonOf(error))
  } finally {
    clearTimeout(timer)
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<Result<string, string>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return failed(`the response has more than ${maxBytes} bytes`) // leaving the loop cancels the body
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks).toString('utf8'))
}

/** The text is only `fetch failed`. The cause has what happened. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message || error.cause.name}` : error.message
}
