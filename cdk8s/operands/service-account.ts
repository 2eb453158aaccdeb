import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import type { OperandInput } from './operand-input.ts'

/** Identity of the gateway pods. It has no permissions, and its token is not mounted. */
export class GatewayServiceAccount extends k8s.KubeServiceAccount {
  constructor(scope: Construct, id: string, input: OperandInput) {
    super(scope, id, { metadata: childMetadata(input, 'ServiceAccount'), automountServiceAccountToken: false })
  }
}
