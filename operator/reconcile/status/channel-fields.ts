import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { ports } from '../../../api/ports.ts'

/** Fields of the channel, by the path in an object that is made from them. */
type FieldNames = readonly (readonly [path: string, field: string])[]

const pod: FieldNames = [
  ['tolerations', 'spec.gateway.tolerations'],
  ['affinity', 'spec.gateway.affinity'],
  ['topologySpreadConstraints', 'spec.gateway.topologySpreadConstraints'],
  ['nodeSelector', 'spec.gateway.nodeSelector'],
  ['priorityClassName', 'spec.gateway.priorityClassName'],
  ['imagePullSecrets', 'spec.gateway.imagePullSecrets'],
  ['containers[0].resources', 'spec.gateway.resources'],
  ['containers[0].image', 'spec.gateway.image'],
]

const fieldNames: Readonly<Record<string, FieldNames>> = {
  Pod: [
    ...pod.map(([path, field]) => [`spec.${path}`, field] as const),
    ['metadata.labels', 'spec.gateway.podLabels'],
    ['metadata.annotations', 'spec.gateway.podAnnotations'],
  ],
  Deployment: [
    ...pod.map(([path, field]) => [`spec.template.spec.${path}`, field] as const),
    ['spec.template.labels', 'spec.gateway.podLabels'],
    ['spec.template.annotations', 'spec.gateway.podAnnotations'],
  ],
  Ingress: [
    ['spec.ingressClassName', 'spec.route.className'],
    ['spec.rules[0].host', 'spec.route.host'],
    ['spec.rules[0].http.paths[0].path', 'spec.route.paths.socket'],
    ['spec.rules[0].http.paths[1].path', 'spec.route.paths.api'],
    ['spec.tls[0].secretName', 'spec.route.tls.secretName'],
    ['metadata.annotations', 'spec.route.annotations'],
    ['metadata.labels', 'spec.route.labels'],
  ],
  HTTPRoute: [
    ['spec.parentRefs', 'spec.route.parentRefs'],
    ['spec.hostnames[0]', 'spec.route.host'],
    ['metadata.annotations', 'spec.route.annotations'],
    ['metadata.labels', 'spec.route.labels'],
  ],
  HorizontalPodAutoscaler: [
    ['spec.minReplicas', 'spec.gateway.autoscaling.minReplicas'],
    ['spec.maxReplicas', 'spec.gateway.autoscaling.maxReplicas'],
  ],
}

/**
 * Rewrites the API server's refusal of an object for the author of the channel, who did not write the object. Paths of values that come from the channel become
 * the channel's own fields. Other paths stay.
 */
export function nameChannelFields(object: KubernetesObject, message: string): string {
  const stripped = message.replace(/^[\w.]+ "[^"]*" is invalid: /, '').replace(/^failed to create typed patch object \([^)]*\): /, '')
  return namesOf(object).reduce(
    (text, [path, field]) => text.replaceAll(new RegExp(`(?<![\\w.])\\.?${RegExp.escape(path)}(?![\\w-])`, 'g'), field),
    stripped,
  )
}

/** Rewrites the refusal of a pod, which a controller makes from the Deployment's template. */
export function namePodFields(message: string): string {
  return nameChannelFields({ apiVersion: 'v1', kind: 'Pod', metadata: { name: '' } }, message)
}

function namesOf(object: KubernetesObject): FieldNames {
  return object.kind === 'NetworkPolicy' ? peersOf(object) : (fieldNames[object.kind] ?? [])
}

/** Returns the fields of the ingress rules. A rule without peers is missing, so the index of the other rule depends on it. */
function peersOf(object: KubernetesObject): FieldNames {
  const { ingress = [] } = object['spec'] as { readonly ingress?: readonly { readonly ports?: readonly { readonly port?: unknown }[] }[] } // made by the operator
  return ingress.map((rule, index) => [
    `spec.ingress[${index}].from`,
    rule.ports?.[0]?.port === ports.public ? 'spec.network.ingressFrom' : 'spec.network.metricsFrom',
  ])
}
