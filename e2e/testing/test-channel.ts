import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { audience, issuer } from '../platform/identity.ts'
import { keysName, type Manifest } from '../platform/manifests.ts'
import { host as defaultHost } from '../platform/place.ts'
import type { Stage } from './stage.ts'

export interface TestChannelOptions {
  readonly name: string
  readonly spec?: Partial<RealtimeChannelSpec>
  readonly annotations?: Readonly<Record<string, string>>
  /**
   *
   * @default the host of the place
   */
  readonly host?: string
}

/** Returns a channel that accepts the stage's tokens and is reached by an Ingress; a test states only what matters to it. */
export function testChannel(
  { namespace, platform }: Stage,
  { name, spec = {}, annotations, host = defaultHost }: TestChannelOptions,
): Manifest {
  return {
    apiVersion: 'carillon.dev/v1alpha1',
    kind: 'RealtimeChannel',
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      topic: { partitions: 3, deletionPolicy: 'Delete' },
      gateway: { replicas: 2, drainSeconds: 5, resources: { requests: { cpu: '50m', memory: '128Mi' } } },
      auth: { jwks: { configMapRef: { name: keysName } }, issuer, audience: [audience], allowedOrigins: [platform.place.origin] },
      route: { type: 'Ingress', host, tls: {} },
      ...spec,
    },
  }
}

export const socketPath = (channel: string): string => `/wss/${channel}/v1/ws`
export const emitPath = (channel: string): string => `/api/${channel}/v1/emit-message`
export const gatewayOf = (channel: string): string => `${channel}-gateway`
