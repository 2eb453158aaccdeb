import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { ports } from '../../../api/ports.ts'

/** By the path in an object of the channel, the field of the channel that it comes from. */
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
 * Says what the API server has against an object in the words of the channel: paths of what was passed on from the channel become the channel's
 * own fields, because the object is nothing that its author wrote. Other paths stay.
 */
export function inChannelWords(object: KubernetesObject, message: string): string {
  const words = message.replace(/^[\w.]+ "[^"]*" is invalid: /, '').replace(/^failed to create typed patch object \([^)]*\): /, '')
  return namesOf(object).reduce(
    (text, [path, field]) => text.replaceAll(new RegExp(`(?<![\\w.])\\.?${RegExp.escape(path)}(?![\\w-])`, 'g'), field),
    words,
  )
}

/** Says the same of a pod, which a controller makes of the Deployment's template. */
export function inChannelWordsOfPod(message: string): string {
  return inChannelWords({ apiVersion: 'v1', kind: 'Pod', metadata: { name: '' } }, message)
}

function namesOf(object: KubernetesObject): FieldNames {
  return object.kind === 'NetworkPolicy' ? peersOf(object) : (fieldNames[object.kind] ?? [])
}

/** A rule for which the channel lets in no peers is not there, so that the place of the other depends on it. */
function peersOf(object: KubernetesObject): FieldNames {
  const { ingress = [] } = object['spec'] as { readonly ingress?: readonly { readonly ports?: readonly { readonly port?: unknown }[] }[] } // the operator made it
  return ingress.map((rule, index) => [
    `spec.ingress[${index}].from`,
    rule.ports?.[0]?.port === ports.public ? 'spec.network.ingressFrom' : 'spec.network.metricsFrom',
  ])
}
