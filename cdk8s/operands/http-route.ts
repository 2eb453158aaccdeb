import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import { childMetadata } from './child-metadata.ts'
import type { OperandInput } from './operand-input.ts'
import { operandNames } from '../../api/child-names.ts'
import { operandTypes } from '../../api/child-types.ts'
import { ports } from '../../api/ports.ts'

const { group, version } = operandTypes.HTTPRoute

/** Route from browsers to the channel by a Gateway: https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
export class GatewayHttpRoute extends ApiObject {
  constructor(scope: Construct, id: string, input: OperandInput, host: string) {
    const { route } = input.spec
    super(scope, id, {
      apiVersion: `${group}/${version}`,
      kind: operandTypes.HTTPRoute.kind,
      metadata: childMetadata(input, 'HTTPRoute', route),
      spec: {
        // Defaults of the API server are written out, so that the stored object equals the applied one.
        parentRefs: (route.parentRefs ?? []).map((parent) => ({ group, kind: 'Gateway', ...parent })),
        hostnames: [host],
        rules: [ruleOf(input, { type: 'Exact', value: input.paths.socket }), ruleOf(input, { type: 'PathPrefix', value: input.paths.api })],
      },
    })
  }
}

/** No time-out: a socket, and a stream of Server-Sent Events under the API's prefix, last for hours. Some Gateways would end them after seconds. */
const ruleOf = ({ channel }: OperandInput, path: { readonly type: 'Exact' | 'PathPrefix'; readonly value: string }): object => ({
  matches: [{ path }],
  timeouts: { request: '0s' },
  backendRefs: [{ group: '', kind: 'Service', name: operandNames(channel.name).Service, port: ports.public, weight: 1 }],
})
