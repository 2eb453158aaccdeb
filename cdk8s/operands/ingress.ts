import { k8s } from 'cdk8s-plus-27'
import type { Construct } from 'constructs'
import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { childMetadata } from './child-metadata.ts'
import { portNames } from './gateway-container.ts'
import type { OperandInput } from './operand-input.ts'
import { operandNames } from '../../api/child-names.ts'

/**
 * Route from browsers to the channel by an ingress controller. The controller decides how long a silent socket may live. Traefik has no limit for
 * upgraded connections; NGINX closes them after `proxy-read-timeout` (60 s, and the gateway's heartbeat of 25 s keeps them open). Annotations of
 * `spec.route` configure the controller. None is set by default, because no annotation works for all controllers.
 */
export class GatewayIngress extends k8s.KubeIngress {
  constructor(scope: Construct, id: string, input: OperandInput, host: string) {
    const { route } = input.spec
    super(scope, id, {
      metadata: childMetadata(input, 'Ingress', route),
      spec: {
        ...(route.className === undefined ? {} : { ingressClassName: route.className }),
        rules: [{ host, http: { paths: [pathOf(input, input.paths.socket, 'Exact'), pathOf(input, input.paths.api, 'Prefix')] } }],
        ...(route.tls === undefined ? {} : { tls: [tlsOf(host, route.tls)] }),
      },
    })
  }
}

/** A socket has one path. It is exact, so a longer or shorter prefix of another route takes no handshake. */
const pathOf = ({ channel }: OperandInput, path: string, pathType: 'Exact' | 'Prefix'): k8s.HttpIngressPath => ({
  path,
  pathType,
  backend: { service: { name: operandNames(channel.name).Service, port: { name: portNames.public } } },
})

/** Without a Secret the controller uses its own certificate, but knows that there is TLS. */
function tlsOf(host: string, { secretName }: NonNullable<StoredSpec['route']['tls']>): k8s.IngressTls {
  return { hosts: [host], ...(secretName === undefined ? {} : { secretName }) }
}
