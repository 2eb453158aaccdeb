import type { AllowedSpec } from '../../../api/v1alpha1/realtime-channel-class.ts'
import { allowed as allowedSchema, defaultMaxResources } from '../../../api/v1alpha1/schema/allowed.ts'

/** Bounds for the channels of a class, with nothing left out. */
export interface Bounds {
  readonly topics: readonly string[]
  readonly adopt: boolean
  readonly deletion: 'CreatedOnly' | 'Never'
  readonly maxPartitions: number
  readonly bootstrapServers: readonly string[]
  readonly hosts: readonly string[]
  readonly pathPrefixes: readonly string[]
  readonly routeAnnotations: readonly string[]
  readonly routeLabels: readonly string[]
  readonly serviceAnnotations: readonly string[]
  readonly images: readonly string[]
  readonly maxReplicas: number
  /** Maximum by resource; a resource that is missing here is not allowed. */
  readonly maxResources: Readonly<Record<string, string | number>>
  readonly env: readonly string[]
  readonly scheduling: {
    readonly nodeSelector: readonly string[]
    readonly tolerations: readonly string[]
    readonly priorityClassNames: readonly string[]
    readonly affinity: boolean
  }
  readonly podMetadata: { readonly labels: readonly string[]; readonly annotations: readonly string[] }
  readonly networkPeers: boolean
  readonly upstream: boolean
  /** Namespaces whose channels may use the class; null: all. */
  readonly namespaces: NonNullable<AllowedSpec['namespaces']> | null
}

const { properties } = allowedSchema

/** Returns the bounds of a class. A bound that the class does not set is closed. */
export function boundsOf({ scheduling = {}, podMetadata = {}, maxResources = {}, namespaces, ...allowed }: AllowedSpec): Bounds {
  return {
    topics: properties.topics.default,
    adopt: properties.adopt.default,
    deletion: properties.deletion.default,
    maxPartitions: properties.maxPartitions.default,
    bootstrapServers: [],
    hosts: [],
    pathPrefixes: properties.pathPrefixes.default,
    routeAnnotations: [],
    routeLabels: [],
    serviceAnnotations: [],
    images: [],
    maxReplicas: properties.maxReplicas.default,
    env: [],
    networkPeers: properties.networkPeers.default,
    upstream: properties.upstream.default,
    ...allowed,
    maxResources: { ...defaultMaxResources, ...maxResources },
    scheduling: {
      nodeSelector: [],
      tolerations: [],
      priorityClassNames: [],
      affinity: properties.scheduling.properties.affinity.default,
      ...scheduling,
    },
    podMetadata: { labels: [], annotations: [], ...podMetadata },
    namespaces: namespaces ?? null,
  }
}
