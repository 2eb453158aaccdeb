import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import type { OperandInput } from './operand-input.ts'

/** Whom the pods are. It may do nothing, and no token of it is in the pods. */
export class GatewayServiceAccount extends k8s.KubeServiceAccount {
  constructor(scope: Construct, id: string, input: OperandInput) {
    super(scope, id, { metadata: childMetadata(input, 'ServiceAccount'), automountServiceAccountToken: false })
  }
}
