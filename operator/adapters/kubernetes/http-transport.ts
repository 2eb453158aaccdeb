import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { Authorization } from './authorization.ts'

/** One HTTP request. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with the query. */
  readonly path: string
  readonly contentType?: string
  readonly body?: string
}

export interface HttpAnswer {
  readonly code: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/** Address of the server, and our user agent. */
export interface HttpServer {
  readonly url: URL
  readonly userAgent: string
}

/**
 * Sends a call, and resolves when the head of the response has arrived.
 * @throws the error of the connection, or the signal's reason
 */
export async function openCall(
  server: HttpServer,
  call: HttpCall,
  authorization: Authorization,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  try {
    return await openOnce(server, call, authorization, signal)
  } catch (error) {
    // The server may close an idle connection at the moment when we use it again. A read can be sent again.
    if (call.method === 'GET' && error instanceof StaleConnectionError && !signal.aborted)
      return openOnce(server, call, authorization, signal)
    throw error
  }
}

/** Reads the whole body. @returns an error when it is longer than `maxBytes` */
export async function readAnswer(message: IncomingMessage, maxBytes: number): Promise<Result<HttpAnswer, string>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    // The stream has no encoding, so it yields buffers.
    bytes += chunk.length
    if (bytes > maxBytes) {
      message.destroy()
      return failed(`an answer of more than ${maxBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return ok({ code: message.statusCode ?? 0, retryAfter: message.headers['retry-after'], body: Buffer.concat(chunks).toString('utf8') })
}

class StaleConnectionError extends Error {}

function openOnce(server: HttpServer, call: HttpCall, authorization: Authorization, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = server.url.protocol === 'http:' ? httpRequest : httpsRequest
    const sent: ClientRequest = send(optionsOf(server, call, authorization, signal))
    sent.once('response', resolve)
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(isStale ? new StaleConnectionError(error.message, { cause: error }) : error)
    })
    sent.end(call.body)
  })
}

function optionsOf(server: HttpServer, call: HttpCall, authorization: Authorization, signal: AbortSignal): RequestOptions {
  const { url, userAgent } = server
  const body =
    call.body === undefined
      ? {}
      : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(call.body) }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port),
    path: `${url.pathname.replace(/\/$/, '')}${call.path}`,
    method: call.method,
    agent: authorization.agent,
    headers: { accept: 'application/json', 'user-agent': userAgent, ...authorization.headers, ...body },
    signal,
    ...(authorization.auth === undefined ? {} : { auth: authorization.auth }),
  }
}
