import { createHash } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent, type RequestOptions } from 'node:https'
import { loadKubeConfig, type KubeConfigOptions, type LoadedKubeConfig } from './kube-config.ts'

/** What a request needs to reach the server and to be let in. */
export interface Authorization {
  readonly agent: HttpAgent
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** user:password, for servers that want that. */
  readonly auth: string | undefined
}

/** Says who we are, request by request. */
export interface Authorizer {
  /** @throws when a credential cannot be read, or a plugin fails */
  authorize(): Promise<Authorization>
  /** The server did not accept it: reads everything anew for the next request. */
  forget(): void
  /** Closes connections that nobody uses. */
  close(): void
}

const maxAgeMs = 10_000

/**
 * Of connections that nobody uses just now. Where fewer are kept than are used at once, each burst of calls begins with new ones, whose TLS handshakes
 * cost both sides more than the calls do.
 */
const maxFreeSockets = 256

/**
 * Credentials rotate: tokens in files, certificates of plugins. They are asked for again every 10 s, by one request for all (a plugin is
 * a process), and at once when the server refused them. client-node keeps one agent for ever, with the certificate that it began with;
 * here a new certificate gets a new agent, and the old one's connections end when they are idle.
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
        if (current === mine) current = null // whoever waits is told; the next one tries again
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
  // Idle connections are given up before common balancers (60 s) do it without telling us.
  const shared = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets, scheduling: 'lifo', timeout: 55_000 } as const
  if (server.startsWith('http:')) return new HttpAgent(shared)
  return new Agent({ ...shared, ...tlsOf(options) })
}

/** What is in use goes on; what is idle ends now, and the rest when it becomes idle. */
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

/** client-node puts its headers into a plain object. */
function headersOf({ headers }: RequestOptions): Record<string, string | readonly string[]> {
  const plain: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(headers ?? {}))
    plain[name.toLowerCase()] = typeof value === 'string' ? value.trim() : String(value)
  return plain
}
