import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import type { RealtimeChannelSpec, RealtimeChannelStatus } from '../../api/v1alpha1/realtime-channel.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { ApiError, KubernetesApi } from '../../operator/runtime/kubernetes-api.ts'

export const podType: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', isNamespaced: true }

/** A cluster as the command sees it: the API server, and the namespace that the user works in. */
export interface Cluster {
  readonly api: KubernetesApi
  readonly namespace: string
  /** Address of the API server, for messages. */
  readonly server: string
  close(): void
}

/** The process around a command of the plugin. Only main.ts makes the real one. */
export interface PluginWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
  /** @throws when the file cannot be read */
  readFile(path: string): string
  /** Reads standard input to its end, at most one megabyte. */
  readInput(): Promise<string>
  /** Finds the API server. @returns an error with its remedy */
  connect(options: ConnectOptions): Result<Cluster, string>
  now(): number
  sleep(ms: number): Promise<void>
  readonly interrupted: AbortSignal
}

export interface ConnectOptions {
  readonly kubeconfigFile: string | null
  readonly context: string | null
  /** Null: that of the context, else `default`. */
  readonly namespace: string | null
}

/** A channel as the API server returns it. What it lacks was never written. */
export interface Channel {
  readonly metadata: KubernetesObject['metadata']
  readonly spec: RealtimeChannelSpec
  readonly status: Partial<RealtimeChannelStatus>
}

export function channelOf(object: KubernetesObject): Channel {
  // The API server keeps objects of this type by the schema from which the types are made.
  return {
    metadata: object.metadata,
    spec: (object['spec'] ?? {}) as RealtimeChannelSpec,
    status: (object['status'] ?? {}) as Partial<RealtimeChannelStatus>,
  }
}

const pageSize = 500
/** Limit on what one command reads of one type. */
const maxObjects = 10_000

export interface Listed {
  readonly items: readonly KubernetesObject[]
  /** True: there are more than one command reads. */
  readonly isCut: boolean
}

/** Lists all objects, page by page, up to the limit. */
export async function listAll(
  { api }: Pick<Cluster, 'api'>,
  type: ResourceType,
  options: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
): Promise<Result<Listed, ApiError>> {
  const items: KubernetesObject[] = []
  let continueToken: string | null = null
  do {
    const page = await api.list(type, { ...options, limit: pageSize, ...(continueToken === null ? {} : { continueToken }) })
    if (!page.ok) return page
    items.push(...page.value.items)
    ;({ continueToken } = page.value)
  } while (continueToken !== null && items.length < maxObjects)
  return ok({ items, isCut: continueToken !== null })
}

/** Returns a sentence about a refusal, with the remedy. @param doing what was tried: "list channels in the namespace shop" */
export function describeApiError({ kind, message }: ApiError, doing: string, { server }: Pick<Cluster, 'server'>): string {
  switch (kind) {
    case 'forbidden':
      return `You are not allowed to ${doing}: ${message}. Ask an administrator of the cluster for the right, or use another context (--context).`
    case 'unauthorized':
      return `The API server ${server} does not accept your credentials: ${message}. Log in again, or use another context (--context).`
    case 'no-such-resource':
      return `The API server ${server} has no channels. Install Carillon's chart there, or use another context (--context).`
    case 'unavailable':
    case 'overloaded':
      return `The API server ${server} did not answer when it was asked to ${doing}: ${message}. Check the context (--context) and the network.`
    case 'not-found':
    case 'already-exists':
    case 'conflict':
    case 'invalid':
    case 'gone':
      return `The API server refuses to ${doing}: ${message}`
    default:
      return kind satisfies never
  }
}

/** Reads a channel. @returns an error with its remedy */
export async function readChannel(cluster: Cluster, type: ResourceType, name: string): Promise<Result<KubernetesObject, string>> {
  const found = await cluster.api.get(type, { namespace: cluster.namespace, name })
  if (found.ok) return found
  if (found.error.kind === 'not-found')
    return failed(
      `There is no channel ${name} in the namespace ${cluster.namespace}. Give its namespace with -n; kubectl carillon channels -A lists all.`,
    )
  return failed(describeApiError(found.error, `read the channel ${name} in the namespace ${cluster.namespace}`, cluster))
}
