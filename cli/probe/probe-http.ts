import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { failed, ok, type Result } from '../../program/result.ts'
import { causeOf } from '../cause-of.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly timeoutMs: number
  readonly interrupted: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Body, up to a limit. */
  readonly bytes: Buffer
  /** The body as text. */
  readonly text: string
}

/** A body of an answer is read up to this length. The rest of its last piece is kept. */
const maxBodyBytes = 1_000_000

/** Sends a request on a connection of its own, and reads the answer. @returns the reason when there is none in time */
export async function requestOnce(request: HttpRequest): Promise<Result<HttpAnswer, string>> {
  const opened = await openResponse(request)
  return opened.ok ? readAnswer(opened.value, request) : opened
}

/** Reads the whole answer. @returns the reason when it does not end in time */
export async function readAnswer(
  { response, signal }: OpenedResponse,
  request: Pick<HttpRequest, 'timeoutMs'>,
): Promise<Result<HttpAnswer, string>> {
  try {
    return ok(await bodyOf(response))
  } catch (error) {
    // Cut in between, or too slow.
    return failed(signal.aborted ? noAnswer(request) : causeOf(error))
  }
}

/** Reads the body up to the limit, and leaves the rest. Rejects when the connection is cut. */
export async function bodyOf(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxBodyBytes) break
  }
  const bytes = Buffer.concat(chunks)
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() }
}

export interface OpenedResponse {
  readonly response: IncomingMessage
  /** Aborted after the time of the request, or by Ctrl-C: the connection ends then. */
  readonly signal: AbortSignal
}

/** Resolves when the head of the answer is there. */
export function openResponse(request: HttpRequest): Promise<Result<OpenedResponse, string>> {
  const { url, method = 'GET', headers = {}, body, timeoutMs, interrupted } = request
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), interrupted])
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const sent = send(url, { method, headers: { ...headers }, agent: false, signal })
    sent.once('response', (response) => resolve(ok({ response, signal })))
    sent.on('error', (error) => resolve(failed(signal.aborted ? noAnswer(request) : causeOf(error))))
    sent.end(body)
  })
}

export const noAnswer = ({ timeoutMs }: { readonly timeoutMs: number }): string => `no answer within ${timeoutMs} ms`

export function textOf(header: string | readonly string[] | undefined): string | null {
  return header === undefined ? null : String(header)
}
