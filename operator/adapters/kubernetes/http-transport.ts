import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { Authorization } from './authorization.ts'

/** One request, as it goes over the wire. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly contentType?: string
  readonly body?: string
}

export interface HttpAnswer {
  readonly code: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/** Where a server is, and what we call ourselves. */
export interface HttpServer {
  readonly url: URL
  readonly userAgent: string
}

/**
 * Sends a call, and resolves when the head of the answer is here.
 * @throws what happened to the connection, or the signal's reason
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
    // The server may end an idle connection in the moment in which we use it again. What only reads can be asked once more.
    if (call.method === 'GET' && error instanceof StaleConnectionError && !signal.aborted)
      return openOnce(server, call, authorization, signal)
    throw error
  }
}

/** Reads the whole answer. @returns what is wrong with it, when it is longer than `maxBytes` */
export async function readAnswer(message: IncomingMessage, maxBytes: number): Promise<Result<HttpAnswer, string>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    // No encoding is set on it, so it hands over buffers.
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
