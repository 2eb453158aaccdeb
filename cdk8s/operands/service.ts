import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import { portNames } from './gateway-container.ts'
import { selectorLabels } from '../../api/labels.ts'
import type { OperandInput } from './operand-input.ts'
import { ports } from '../../api/ports.ts'

/** Address of the ready pods for routes and for services that emit, and of their metrics for a monitor. */
export class GatewayService extends k8s.KubeService {
  constructor(scope: Construct, id: string, input: OperandInput) {
    const { annotations, ipFamilyPolicy = defaultFamilies } = input.spec.service
    super(scope, id, {
      metadata: childMetadata(input, 'Service', { annotations }),
      spec: {
        type: 'ClusterIP',
        ipFamilyPolicy,
        selector: { ...selectorLabels(input.channel.name) },
        ports: [port('public'), port('internal')],
      },
    })
  }
}

/** Written although it is Kubernetes' own default: the API server keeps the earlier policy when it is left out. */
const defaultFamilies = 'SingleStack'

const port = (which: keyof typeof ports): k8s.ServicePort => ({
  name: portNames[which],
  port: ports[which],
  targetPort: k8s.IntOrString.fromString(portNames[which]),
  protocol: 'TCP',
  appProtocol: 'http',
})
