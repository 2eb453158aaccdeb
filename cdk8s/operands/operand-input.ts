import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'

/**
 * All that the objects of one channel are made of. Whoever fills this in has decided everything that needs knowledge (the Kafka cluster, the
 * topic, the gateway's options); the constructs only write it down. The same input gives the same objects, byte for byte.
 */
export interface OperandInput {
  readonly channel: { readonly name: string; readonly namespace: string; readonly uid: string }
  readonly spec: StoredSpec
  readonly image: string
  /** Of the gateway's container, in this order. Values are plain texts: secrets are files. */
  readonly environment: readonly PodVariable[]
  /** Keys of Secrets and ConfigMaps that the gateway reads as files, and follows when they change. */
  readonly files: readonly MountedFile[]
  readonly ports: { readonly public: number; readonly internal: number }
  /** On the public port: the one path of the WebSocket, and the prefix of the HTTP API without a slash at the end. */
  readonly paths: { readonly socket: string; readonly api: string }
  /** How a pod stops: the kubelet waits, then sends SIGTERM, then waits for the drain and the end. */
  readonly stopping: { readonly preStopSeconds: number; readonly terminationGracePeriodSeconds: number }
  /**
   * How many pods are asked for. `handed-over`: a HorizontalPodAutoscaler decides, so that the Deployment says nothing of it.
   */
  readonly scaling: { readonly kind: 'fixed'; readonly replicas: number } | { readonly kind: 'handed-over' }
  /** False: the pods ask for no user, group and fsGroup, and get those that the cluster assigns, or the image's. */
  readonly hasFixedUser: boolean
  /** Whom the pods may reach, as egress rules of a NetworkPolicy. null: everybody. */
  readonly egress: readonly Readonly<Record<string, unknown>>[] | null
  /** Who may reach the two ports, as peers of a NetworkPolicy. null: everybody. An empty list: nobody. */
  readonly peers: {
    readonly public: readonly Readonly<Record<string, unknown>>[] | null
    readonly internal: readonly Readonly<Record<string, unknown>>[] | null
  }
}

/** A variable of the gateway: a text, or a field of the pod that only the kubelet knows. */
export type PodVariable =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly field: 'metadata.name' | 'metadata.namespace' | 'spec.nodeName' }

/** A file in a pod. */
export interface MountedFile {
  /** Absolute: what an option of the gateway says. Files of one Secret or ConfigMap are in one directory. */
  readonly path: string
  readonly from: { readonly kind: 'Secret' | 'ConfigMap'; readonly name: string; readonly key: string }
}
