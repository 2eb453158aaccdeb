import { failed, ok, type Result } from '../program/result.ts'
import type { Flags, Given } from './command.ts'

/** The addresses of a channel (docs/protocol.md, Endpoints). */
export interface Target {
  readonly channel: string
  /** Scheme http or https, host and port. */
  readonly base: URL
  /** The WebSocket, with the scheme ws or wss. */
  readonly socket: URL
  readonly events: URL
  readonly emitMessage: URL
  readonly revocations: URL
  readonly openApi: URL
}

/** Channel of a gateway that was started without a name. */
export const defaultChannel = 'chrome-service'

export const targetFlags = {
  channel: { type: 'string', value: 'NAME', sentence: `Name of the channel, where the URL has none. Default: ${defaultChannel}.` },
  'socket-path-prefix': { type: 'string', value: 'PATH', sentence: 'Path before /v1/ws, if the gateway has SOCKET_PATH_PREFIX.' },
  'api-path-prefix': { type: 'string', value: 'PATH', sentence: 'Path before /v1/events, if the gateway has API_PATH_PREFIX.' },
} as const satisfies Flags

/** Paragraph about URL for the help. */
export const aboutUrl =
  'URL is the address of the gateway, such as http://localhost:8000, or of one of its endpoints: wss://HOST/wss/NAME/v1/ws, https://HOST/api/NAME/v1/events.'

/** Reads the URL and the flags above. @returns an error with its remedy */
export function readTarget(given: Given<keyof typeof targetFlags>): Result<Target, string> {
  const url = URL.canParse(given.url) && given.url.includes('://') ? new URL(given.url) : null
  const scheme = url === null ? undefined : schemes[url.protocol]
  if (url === null || scheme === undefined)
    return failed(
      `"${given.url}" is not the URL of a gateway. Give one with a scheme, such as http://localhost:8000 or wss://HOST/wss/NAME/v1/ws.`,
    )
  const [, socketPath, apiPath] = /^(?:(.*)\/v1\/ws|(.*)\/v1\/(?:events|emit-message|revocations|openapi\.json)|\/)$/.exec(
    url.pathname,
  ) ?? ['unknown']
  if (url.pathname !== '/' && socketPath === undefined && apiPath === undefined)
    return failed(
      `${url.pathname} is not an endpoint of a channel. Give ${url.origin === 'null' ? 'the address' : url.origin} alone, and --socket-path-prefix and --api-path-prefix if the gateway has them.`,
    )
  const inPath = /^\/(?:wss|api)\/([^/]+)$/.exec(socketPath ?? apiPath ?? '')?.[1]
  const wanted = given.text('channel')
  if (inPath !== undefined && wanted !== undefined && inPath !== wanted)
    return failed(`The URL names the channel ${inPath}, and --channel names ${wanted}. Give one of the two.`)
  const channel = wanted ?? inPath ?? defaultChannel
  const socketPrefix = given.text('socket-path-prefix') ?? socketPath ?? `/wss/${channel}`
  const apiPrefix = given.text('api-path-prefix') ?? apiPath ?? `/api/${channel}`
  const at = (protocol: string, path: string): URL => new URL(path, `${protocol}//${url.host}`)
  return ok({
    channel,
    base: at(scheme.http, '/'),
    socket: at(scheme.ws, `${socketPrefix}/v1/ws`),
    events: at(scheme.http, `${apiPrefix}/v1/events`),
    emitMessage: at(scheme.http, `${apiPrefix}/v1/emit-message`),
    revocations: at(scheme.http, `${apiPrefix}/v1/revocations`),
    openApi: at(scheme.http, `${apiPrefix}/v1/openapi.json`),
  })
}

const plain = { http: 'http:', ws: 'ws:' } as const
const encrypted = { http: 'https:', ws: 'wss:' } as const
const schemes: Readonly<Record<string, typeof plain | typeof encrypted>> = {
  'http:': plain,
  'ws:': plain,
  'https:': encrypted,
  'wss:': encrypted,
}
