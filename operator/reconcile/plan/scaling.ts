import type { OperandInput } from '../../../cdk8s/operands/operand-input.ts'
import { operandTypes } from '../../../api/child-types.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { Action } from '../plan-types.ts'
import { runningDeployment, type Deployment } from '../children/running-gateway.ts'
import { names } from '../settings.ts'
import type { World } from '../world.ts'

export interface ScalingPlan {
  readonly scaling: OperandInput['scaling']
  /** The Deployment is not to be applied before this was done. */
  readonly handOver: Action | null
  readonly requeueAfterMs: number | null
}

/** Time until the next step towards an autoscaler can be planned. */
const handOverStepMs = 1_000

/**
 * Who says how many pods there are: the channel, or its HorizontalPodAutoscaler.
 *
 * An autoscaler's number is not the operator's to set, so the Deployment must leave it out. But a field that was applied and then is left out is
 * taken away when nobody else owns it: the API server would set it to 1, and all other pods would be gone in that moment. So another manager is
 * made a second owner of the number first, and the operator leaves it out at its next look, when it sees that this has been done: never in the same
 * plan, because the hand-over might fail. A new Deployment begins with the least number, and so does one that stands at 0, which no
 * autoscaler would ever change.
 */
export function planScaling(world: World): ScalingPlan {
  const { replicas, autoscaling } = world.channel.spec.gateway
  if (autoscaling === undefined) return { scaling: { kind: 'fixed', replicas }, handOver: null, requeueAfterMs: null }
  const live = runningDeployment(world)
  const current = live?.spec?.replicas ?? 0
  if (live === null || current === 0)
    return { scaling: { kind: 'fixed', replicas: autoscaling.minReplicas }, handOver: null, requeueAfterMs: handOverStepMs }
  const owners = ownersOfReplicas(live)
  const isOursAlone = owners.has(names.fieldManager) && owners.size === 1
  return {
    scaling: { kind: 'handed-over' },
    handOver: isOursAlone ? handOver(live, current) : null,
    requeueAfterMs: isOursAlone ? handOverStepMs : null,
  }
}

function ownersOfReplicas({ metadata }: Deployment): ReadonlySet<string> {
  const owners = (metadata.managedFields ?? []).filter(({ fieldsV1 }) => {
    const spec = fieldsV1?.['f:spec'] as Readonly<Record<string, unknown>> | undefined // A field with fields in it is an object.
    return spec?.['f:replicas'] !== undefined
  })
  return new Set(owners.map(({ manager }) => manager))
}

function handOver(live: Deployment, replicas: number): Action {
  const { name, namespace } = live.metadata
  const object: KubernetesObject = {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { replicas },
  }
  return { kind: 'hand-over-replicas', type: operandTypes.Deployment, object }
}
