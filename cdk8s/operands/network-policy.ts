import { ApiObject } from 'cdk8s'
import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import { selectorLabels } from '../../api/labels.ts'
import type { OperandInput } from './operand-input.ts'

/**
 * Peers that may reach the pods, and peers that the pods may reach. Peers are passed on unchanged. The constructs of cdk8s would drop a field that they
 * do not know (a misspelt `namespaceSelector`), and a peer with fewer fields lets in more. The API server sees the unknown field and refuses it.
 */
export class GatewayNetworkPolicy extends ApiObject {
  constructor(scope: Construct, id: string, input: OperandInput) {
    const { ports, peers, egress } = input
    const known: { readonly apiVersion: string; readonly kind: string; readonly spec: object } = k8s.KubeNetworkPolicy.manifest({
      metadata: childMetadata(input, 'NetworkPolicy'),
      spec: {
        podSelector: { matchLabels: { ...selectorLabels(input.channel.name) } },
        policyTypes: egress === null ? ['Ingress'] : ['Ingress', 'Egress'],
      },
    })
    const ingress = [...ruleOf(ports.public, peers.public), ...ruleOf(ports.internal, peers.internal)]
    super(scope, id, {
      ...known,
      spec: { ...known.spec, ...(ingress.length > 0 ? { ingress } : {}), ...(egress !== null && egress.length > 0 ? { egress } : {}) },
    })
  }
}

/** Kubernetes reads an empty `from` as every peer. For a channel an empty list lets none in, so there is no rule at all. */
function ruleOf(port: number, peers: OperandInput['peers']['public']): readonly object[] {
  const rule = { ports: [{ port, protocol: 'TCP' }] }
  if (peers === null) return [rule]
  return peers.length === 0 ? [] : [{ ...rule, from: peers }]
}
