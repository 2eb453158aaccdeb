import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'

/**
 * Input of the objects of one channel. The operator has decided everything that needs knowledge: the Kafka cluster, the topic, the gateway's options.
 * The constructs only render it. The same input gives the same objects, byte for byte.
 */
export interface OperandInput {
  readonly channel: { readonly name: string; readonly namespace: string; readonly uid: string }
  readonly spec: StoredSpec
  readonly image: string
  /** Variables of the gateway's container, in this order. Values are plain strings; secrets are files. */
  readonly environment: readonly PodVariable[]
  /** Keys of Secrets and ConfigMaps that the gateway reads as files. It reads them again when they change. */
  readonly files: readonly MountedFile[]
  readonly ports: { readonly public: number; readonly internal: number }
  /** Paths on the public port: the one path of the WebSocket, and the prefix of the HTTP API without a slash at the end. */
  readonly paths: { readonly socket: string; readonly api: string }
  /** Times of a pod's end: the kubelet waits, then sends SIGTERM, then waits for the drain and the exit. */
  readonly stopping: { readonly preStopSeconds: number; readonly terminationGracePeriodSeconds: number }
  /** Number of pods. `handed-over`: a HorizontalPodAutoscaler decides, so the Deployment has no number. */
  readonly scaling: { readonly kind: 'fixed'; readonly replicas: number } | { readonly kind: 'handed-over' }
  /** False: the pods ask for no user, group and fsGroup. The cluster assigns them, or the image's are used. */
  readonly hasFixedUser: boolean
  /** Destinations that the pods may reach, as egress rules of a NetworkPolicy. null: any destination. */
  readonly egress: readonly Readonly<Record<string, unknown>>[] | null
  /** Peers of a NetworkPolicy that may reach each of the two ports. null: any peer. An empty list: no peer. */
  readonly peers: {
    readonly public: readonly Readonly<Record<string, unknown>>[] | null
    readonly internal: readonly Readonly<Record<string, unknown>>[] | null
  }
}

/** Variable of the gateway: a string, or a field of the pod that only the kubelet knows. */
export type PodVariable =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly field: 'metadata.name' | 'metadata.namespace' | 'spec.nodeName' }

/** File in a pod. */
export interface MountedFile {
  /** Absolute path, as an option of the gateway names it. Files of one Secret or ConfigMap are in one directory. */
  readonly path: string
  readonly from: { readonly kind: 'Secret' | 'ConfigMap'; readonly name: string; readonly key: string }
}
