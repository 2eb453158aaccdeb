import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { childMetadata } from './child-metadata.ts'
import type { OperandInput } from './operand-input.ts'
import { operandNames } from '../../api/child-names.ts'
import { operandTypes } from '../../api/child-types.ts'

type Autoscaling = NonNullable<StoredSpec['gateway']['autoscaling']>

/** Autoscaler that follows the CPU that the pods use. */
export class GatewayAutoscaler extends k8s.KubeHorizontalPodAutoscalerV2 {
  constructor(scope: Construct, id: string, input: OperandInput, autoscaling: Autoscaling) {
    const { group, version, kind } = operandTypes.Deployment
    super(scope, id, {
      metadata: childMetadata(input, 'HorizontalPodAutoscaler'),
      spec: {
        scaleTargetRef: { apiVersion: `${group}/${version}`, kind, name: operandNames(input.channel.name).Deployment },
        minReplicas: autoscaling.minReplicas,
        maxReplicas: autoscaling.maxReplicas,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: autoscaling.targetCPUUtilizationPercent } },
          },
        ],
        behavior: { scaleDown: scaleDown(input.stopping.terminationGracePeriodSeconds) },
      },
    })
  }
}

/** Longest period that Kubernetes accepts. */
const maxPeriodSeconds = 1800

/**
 * A pod that goes moves its connections to the others, and an autoscaler asks no PodDisruptionBudget. So pods go one by one, or a tenth of a large
 * fleet at a time. Each goes only when the one before has had the time to drain, and only after five calm minutes. Moving connections is work, and a
 * fleet that shrinks at the first pause grows again at the next event. Growth is as fast as Kubernetes' default.
 */
function scaleDown(drainSeconds: number): k8s.HpaScalingRulesV2 {
  const periodSeconds = Math.min(maxPeriodSeconds, Math.max(60, drainSeconds))
  return {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 1, periodSeconds },
      { type: 'Percent', value: 10, periodSeconds },
    ],
  }
}
