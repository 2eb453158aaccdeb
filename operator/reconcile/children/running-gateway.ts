import { options } from '../../../gateway/config/options.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { isChildOf } from './ownership.ts'
import type { Found, World } from '../world.ts'

/** The parts of a Deployment that the operator reads: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ */
export interface Deployment extends KubernetesObject {
  readonly spec?: {
    readonly replicas?: number
    /** Set by `kubectl rollout pause`. */
    readonly paused?: boolean
    readonly template?: {
      readonly spec?: {
        readonly securityContext?: { readonly runAsUser?: number }
        readonly containers?: readonly { readonly env?: readonly { readonly name: string; readonly value?: string }[] }[]
      }
    }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[]
  }
}

/** Returns the channel's Deployment as it is. Null: there is none, or the existing one is not the channel's. */
export function runningDeployment({ channel, children }: Pick<World, 'channel' | 'children'>): Deployment | null {
  const found = [...children.values()].find(
    (child): child is Extract<Found, { kind: 'object' }> =>
      child.kind === 'object' && child.type.kind === 'Deployment' && isChildOf(channel, child.object),
  )
  // The API server holds a Deployment to this shape.
  return found === undefined ? null : found.object
}

/** Returns the epoch in the pods' environment. Null: there are no pods. */
export function runningEpoch(world: Pick<World, 'channel' | 'children'>): string | null {
  const deployment = runningDeployment(world)
  return deployment === null ? null : (variableOf(deployment, options.kafkaTopicEpoch.env) ?? null)
}

/** Returns a variable of the pods' environment. Undefined: it is not set. */
export function variableOf({ spec }: Deployment, variable: string): string | undefined {
  const variables = (spec?.template?.spec?.containers ?? []).flatMap(({ env = [] }) => env)
  return variables.find(({ name }) => name === variable)?.value
}

/** Returns true if the status of a Deployment is about its current spec: its controller has seen this generation. */
export function isSeen({ metadata, status }: Deployment): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
}

export function conditionOf(
  { status }: Deployment,
  type: string,
): NonNullable<NonNullable<Deployment['status']>['conditions']>[number] | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}
