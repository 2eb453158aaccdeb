import { createHash } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { loadKubeConfig, type KubeConfigOptions, type LoadedKubeConfig } from './kube-config.ts'

/** Everything that a request needs to reach the server and to authenticate. */
export interface Authorization {
  readonly agent: HttpAgent
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** user:password, for servers that use basic authentication. */
  readonly auth: string | undefined
}

/** Provides the credentials of each request. */
export interface Authorizer {
  /** Returns the current credentials. @throws when a credential cannot be read, or when a plugin fails */
  authorize(): Promise<Authorization>
  /** Called when the server refused the credentials. The next request reads them again. */
  forget(): void
  /** Closes idle connections. */
  close(): void
}

const maxAgeMs = 10_000

/**
 * Maximum number of idle connections. With fewer idle connections than a burst uses, each burst starts with new ones. Their TLS handshakes
 * cost both sides more than the calls.
 */
const maxFreeSockets = 256

/**
 * Credentials rotate: tokens in files, certificates of plugins. They are read again every 10 s, by one request for all (a plugin is a
 * process), and at once when the server refused them. client-node keeps one agent without end, with its first certificate. Here a new
 * certificate gets a new agent, and the connections of the old agent end when they are idle.
 */
export function createAuthorizer(first: LoadedKubeConfig, options: KubeConfigOptions, now: () => number): Authorizer {
  let loaded: LoadedKubeConfig | null = first
  let current: { readonly atMs: number; readonly authorization: Promise<Authorization> } | null = null
  let connections: { readonly fingerprint: string; readonly agent: HttpAgent } | null = null

  const agentFor = (requestOptions: RequestOptions, isProxied: boolean): HttpAgent => {
    const fingerprint = fingerprintOf(requestOptions)
    if (connections?.fingerprint === fingerprint) return connections.agent
    const agent = isProxied && requestOptions.agent instanceof HttpAgent ? requestOptions.agent : newAgent(requestOptions, first.server)
    if (connections !== null) release(connections.agent)
    connections = { fingerprint, agent }
    return agent
  }
  const make = async (): Promise<Authorization> => {
    loaded ??= loadAgain(options)
    const { config, actAsGroups } = loaded
    const requestOptions: RequestOptions = {}
    await config.applyToHTTPSOptions(requestOptions)
    const isProxied = (config.getCurrentCluster()?.proxyUrl ?? '') !== ''
    const headers = headersOf(requestOptions)
    if (actAsGroups.length > 0) headers['impersonate-group'] = actAsGroups
    return { agent: agentFor(requestOptions, isProxied), headers, auth: requestOptions.auth ?? undefined }
  }
  return {
    authorize: () => {
      if (current !== null && now() - current.atMs < maxAgeMs && now() >= current.atMs) return current.authorization
      const authorization = make()
      const mine = { atMs: now(), authorization }
      current = mine
      authorization.catch(() => {
        if (current === mine) current = null // waiting callers get the error, and the next one tries again
      })
      return authorization
    },
    forget: () => {
      current = null
      loaded = null
    },
    close: () => {
      if (connections !== null) release(connections.agent)
    },
  }
}

function loadAgain(options: KubeConfigOptions): LoadedKubeConfig {
  const loaded = loadKubeConfig(options)
  if (!loaded.ok) throw new Error(loaded.error)
  return loaded.value
}

function newAgent(options: RequestOptions, server: string): HttpAgent {
  // Idle connections are closed before common balancers drop them silently (60 s).
  const shared = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets, scheduling: 'lifo', timeout: 55_000 } as const
  if (server.startsWith('http:')) return new HttpAgent(shared)
  return new Agent({ ...shared, ...tlsOf(options) })
}

/** Closes idle connections now, and the others when they become idle. */
function release(agent: HttpAgent): void {
  agent.maxFreeSockets = 0
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}

function tlsOf({
  ca,
  cert,
  key,
  servername,
  rejectUnauthorized,
}: RequestOptions): Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'> {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  }
}

function fingerprintOf(options: RequestOptions): string {
  const { ca, cert, key, servername, rejectUnauthorized } = tlsOf(options)
  const hash = createHash('sha256')
  for (const part of [ca, cert, key, servername, rejectUnauthorized]) hash.update(`${String(part)}\0`)
  return hash.digest('base64')
}

/** Reads the headers that client-node sets: it writes them to a plain object. */
function headersOf({ headers }: RequestOptions): Record<string, string | readonly string[]> {
  const plain: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(headers ?? {}))
    plain[name.toLowerCase()] = typeof value === 'string' ? value.trim() : String(value)
  return plain
}
