import {
  classAnnotations,
  classKind,
  type AllowedSpec,
  type RealtimeChannelClass,
  type RealtimeChannelClassSpec,
} from '../../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion } from '../../api/v1alpha1/realtime-channel.ts'
import { boundsOf } from '../reconcile/class/bounds.ts'
import type { ChannelClass } from '../reconcile/class/channel-class.ts'
import { createOneClass, type Classes } from '../reconcile/class/classes.ts'
import { createChannelResolver, type ChannelResolver } from '../reconcile/class/channel-resolver.ts'
import { createMemoryKubernetes } from './memory-kubernetes.ts'

/** Allows everything that a channel can ask for, for tests that are not about classes. */
export const openAllowed: AllowedSpec = {
  topics: ['*', '_*'],
  adopt: true,
  deletion: 'CreatedOnly',
  maxPartitions: 1024,
  bootstrapServers: ['*', '*.*', '*.*.*', '*.*.*.*', '*.*.*.*.*'],
  hosts: ['*', '*.*', '*.*.*', '*.*.*.*', '*.*.*.*.*'],
  pathPrefixes: ['/*'],
  routeAnnotations: ['*'],
  routeLabels: ['*'],
  serviceAnnotations: ['*'],
  images: ['*'],
  maxReplicas: 1000,
  maxResources: {
    cpu: '1000',
    memory: '100Ti',
    'ephemeral-storage': '100Ti',
    'nvidia.com/gpu': 8,
    'example.com/fpga': 8,
    'no/such/resource': 8,
  },
  env: ['*'],
  scheduling: { nodeSelector: ['*'], tolerations: ['*'], priorityClassNames: ['*'], affinity: true },
  networkPeers: true,
  upstream: true,
  podMetadata: { labels: ['*'], annotations: ['*'] },
}

export interface ClassParts extends RealtimeChannelClassSpec {
  readonly name?: string
  readonly isDefault?: boolean
}

/** A class as the API server returns it. */
export function aClass({ name = 'default', isDefault = false, ...spec }: ClassParts = {}): RealtimeChannelClass {
  return {
    apiVersion,
    kind: classKind,
    metadata: { name, uid: `uid-${name}`, ...(isDefault ? { annotations: { [classAnnotations.isDefault]: 'true' } } : {}) },
    spec,
  }
}

/** A default class for tests that are not about classes. */
export const openClass = aClass({ name: 'open', isDefault: true, allowed: openAllowed })

export function aChannelClass({
  name = null,
  defaults = {},
  ...allowed
}: { readonly name?: string | null; readonly defaults?: ChannelClass['defaults'] } & AllowedSpec = {}): ChannelClass {
  return { name, defaults, bounds: boundsOf(allowed) }
}

/** Applies one class, or by default a class that allows everything. */
export function aResolver(classes: Classes = createOneClass(aChannelClass(openAllowed))): ChannelResolver {
  return createChannelResolver({
    api: createMemoryKubernetes(),
    classes,
    image: 'registry.example.com/carillon:1.0.0',
    brokers: ['kafka:9092'],
  })
}
