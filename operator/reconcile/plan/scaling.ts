import type { OperandInput } from '../../../cdk8s/operands/operand-input.ts'
import { operandTypes } from '../../../api/child-types.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { Action } from '../plan-types.ts'
import { runningDeployment, type Deployment } from '../children/running-gateway.ts'
import { names } from '../settings.ts'
import type { World } from '../world.ts'

export interface ScalingPlan {
  readonly scaling: OperandInput['scaling']
  /** Action that has to be done before the Deployment is applied. */
  readonly handOver: Action | null
  readonly requeueAfterMs: number | null
}

/** Time until the next step towards an autoscaler can be planned. */
const handOverStepMs = 1_000

/**
 * Plans who sets the number of pods: the channel, or its HorizontalPodAutoscaler.
 *
 * The autoscaler owns the number, so the Deployment must leave it out. But the API server removes a field that was applied, is then left out, and has no other
 * owner. It would set the number to 1 and stop all other pods at once.
 *
 * So another manager first becomes a second owner of the number. The operator leaves the number out in its next plan, when it sees the second owner. It never
 * does both in one plan, because the hand-over might fail. A new Deployment starts with the minimum. So does a Deployment at 0, which no autoscaler would change.
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
    const spec = fieldsV1?.['f:spec'] as Readonly<Record<string, unknown>> | undefined // a field with fields in it is an object
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
