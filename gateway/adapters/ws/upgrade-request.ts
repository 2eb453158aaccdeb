import type { IncomingHttpHeaders } from 'node:http'
import { isLocalHost } from '../../auth/origin-policy.ts'
import { refuseHost } from '../../auth/origin-refusal.ts'
import { chooseSubprotocol, cloudEventsSubprotocol, parseSubprotocols } from '../../auth/subprotocols.ts'
import type { Problem } from '../../request/problem.ts'
import { checkHost, readRequestTarget } from '../../request/request-target.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { HandshakeRequest } from '../../session/handshake.ts'
import { readHandshake } from '../../session/read-handshake.ts'

/** The head of an HTTP request that asks for an upgrade. */
export interface UpgradeHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, in the order of the request. */
  readonly rawHeaders: readonly string[]
}

export interface UpgradeSettings {
  /** Path of the channel's socket, `/wss/NAME/v1/ws`. */
  readonly path: string
  /**
   * Development mode: only this machine's names are accepted in `Host`. Otherwise a page could use any foreign name that points to this
   * machine.
   */
  readonly isDevelopment: boolean
}

export interface UpgradeRefusal {
  readonly reason: 'request' | 'subprotocol'
  readonly problem: Problem
  /** Headers of the answer besides the problem's own. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Reads a WebSocket handshake (RFC 6455 section 4.2.1), or returns why this gateway does not answer it with 101. The caller's credentials
 * are not checked here.
 */
export function readUpgrade(head: UpgradeHead, settings: UpgradeSettings): Result<HandshakeRequest, UpgradeRefusal> {
  const wrongHost = checkHost(head)
  if (wrongHost !== null) return failed(refusal(wrongHost))
  const target = readRequestTarget(head.url ?? '')
  if (!target.ok) return failed(refusal(target.error))
  const { path, query, authority } = target.value
  const wrong =
    checkPath(path, settings) ??
    checkHead(head) ??
    (settings.isDevelopment ? checkName(authority ?? head.headers.host, head.headers.origin ?? null) : null)
  if (wrong !== null) return failed(wrong)
  const offered = parseSubprotocols(head.headers['sec-websocket-protocol'])
  if (!offered.ok) return failed(badSubprotocol(offered.error))
  const choice = chooseSubprotocol(offered.value)
  if (choice.kind === 'unknown') return failed(badSubprotocol(choice.detail))
  return ok({ transport: 'websocket', subprotocols: offered.value, ...readHandshake(head.headers, query) })
}

function checkPath(path: string, settings: UpgradeSettings): UpgradeRefusal | null {
  if (path === settings.path) return null
  if (/^\/wss\/[^/]+\/v1\/ws$/.test(path))
    return refusal({ type: 'unknown-channel', detail: `This gateway's channel is at ${settings.path}.` })
  return refusal({ type: 'not-found', detail: `There is no WebSocket at this path. The channel is at ${settings.path}.` })
}

function checkHead(head: UpgradeHead): UpgradeRefusal | null {
  const { headers } = head
  if (head.method !== 'GET') return refusal({ type: 'method-not-allowed', detail: 'A WebSocket is opened with GET.' }, { allow: 'GET' })
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    return refusal({
      type: 'expectation-failed',
      detail: 'The Expect header asks for something that this gateway does not know. Leave it out.',
    })
  if (head.httpVersion !== '1.1') return refusal({ type: 'bad-request', detail: 'A WebSocket is opened with HTTP/1.1.' })
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    return refusal({ type: 'upgrade-required', detail: 'The Upgrade header must be `websocket`.' }, { upgrade: 'websocket' })
  if (headers['sec-websocket-version'] !== '13') {
    return refusal(
      { type: 'upgrade-required', detail: 'The Sec-WebSocket-Version header must be 13.' },
      { upgrade: 'websocket', 'sec-websocket-version': '13' },
    )
  }
  if (!keyPattern.test(headers['sec-websocket-key'] ?? ''))
    return refusal({ type: 'bad-request', detail: 'The Sec-WebSocket-Key header must be 16 random bytes in base64.' })
  return null
}

function checkName(host: string | undefined, origin: string | null): UpgradeRefusal | null {
  if (isLocalHost(host)) return null
  return refusal(refuseHost(origin))
}

const keyPattern = /^[+/0-9A-Za-z]{22}==$/

const refusal = (problem: Problem, headers: Readonly<Record<string, string>> = {}): UpgradeRefusal => ({
  reason: 'request',
  problem,
  headers,
})

const badSubprotocol = (detail: string): UpgradeRefusal => ({
  reason: 'subprotocol',
  problem: { type: 'bad-subprotocol', detail, members: { supported: [cloudEventsSubprotocol] } },
})
