import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import { selectorLabels } from '../../api/labels.ts'
import type { OperandInput } from './operand-input.ts'

/** Lets nodes be drained one pod at a time. A pod that is not ready holds no connections and may always go, else the drain would never end. */
export class GatewayDisruptionBudget extends k8s.KubePodDisruptionBudget {
  constructor(scope: Construct, id: string, input: OperandInput) {
    super(scope, id, {
      metadata: childMetadata(input, 'PodDisruptionBudget'),
      spec: {
        selector: { matchLabels: { ...selectorLabels(input.channel.name) } },
        maxUnavailable: k8s.IntOrString.fromNumber(1),
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    })
  }
}
