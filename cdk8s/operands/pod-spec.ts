import { k8s } from 'cdk8s-plus-27'
import { gatewayContainer, temporaryVolume } from './gateway-container.ts'
import { selectorLabels } from '../../api/labels.ts'
import type { FileMounts } from './mounted-files.ts'
import type { OperandInput } from './operand-input.ts'
import { operandNames } from '../../api/child-names.ts'

/** Nobody's: the image's own user. */
const userId = 65_532

/** What the pods of a channel are, as far as it is ours to say; `podSpecOfUser` has the rest. Fits the Pod Security Standard "restricted". */
export function podSpec(input: OperandInput, files: FileMounts): k8s.PodSpec {
  const { gateway } = input.spec
  return {
    serviceAccountName: operandNames(input.channel.name).ServiceAccount,
    automountServiceAccountToken: false,
    // Otherwise every Service of the namespace adds variables, and one that is named like an option of the gateway would set it.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      ...(input.hasFixedUser ? { runAsUser: userId, runAsGroup: userId } : {}),
      ...(input.hasFixedUser && files.volumes.length > 0 ? { fsGroup: userId } : {}),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationGracePeriodSeconds: input.stopping.terminationGracePeriodSeconds,
    containers: [gatewayContainer(input, files)],
    volumes: [{ name: temporaryVolume, emptyDir: { sizeLimit: k8s.Quantity.fromString('16Mi') } }, ...files.volumes],
    ...(gateway.priorityClassName === undefined ? {} : { priorityClassName: gateway.priorityClassName }),
    ...(hasEntries(gateway.imagePullSecrets) ? { imagePullSecrets: gateway.imagePullSecrets.map(({ name }) => ({ name })) } : {}),
    ...(hasEntries(gateway.nodeSelector) ? { nodeSelector: { ...gateway.nodeSelector } } : {}),
  }
}

type Verbatim = Readonly<Record<string, unknown>>

/**
 * What a user says in the words of Kubernetes' own API, passed on word for word. The constructs of cdk8s know the fields of one version of
 * Kubernetes and leave out all others in silence: a newer field would be lost, and a misspelt one would be no error.
 */
export function podSpecOfUser({ channel, spec: { gateway } }: OperandInput): Verbatim {
  const labelSelector = { matchLabels: selectorLabels(channel.name) }
  const { affinity = apartInZones(labelSelector), topologySpreadConstraints: spread = [apartOnNodes] } = gateway
  return {
    ...(hasEntries(affinity) ? { affinity } : {}),
    ...(hasEntries(gateway.tolerations) ? { tolerations: gateway.tolerations } : {}),
    ...(spread.length > 0 ? { topologySpreadConstraints: spread.map((constraint) => ({ labelSelector, ...constraint })) } : {}),
  }
}

/** Counts the pods of one revision only, else the old ones would push the new ones of a roll-out to where they are not. */
const ofOneRevision = { matchLabelKeys: ['pod-template-hash'] } as const

/** As well as can be: a cluster of one node gets its pods, too. */
const apartOnNodes: Verbatim = { topologyKey: 'kubernetes.io/hostname', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...ofOneRevision }

/**
 * Zones are not a second constraint: the scheduler passes over all constraints of a pod on nodes that lack a label of one of them, so that where
 * nodes have no zones, pods would not be kept apart on nodes either. An affinity to a label that is not there has no effect.
 */
const apartInZones = (labelSelector: Verbatim): Verbatim => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 100, podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone', labelSelector, ...ofOneRevision } },
    ],
  },
})

/** An empty map or list would be ours to own in the API server, and say nothing. */
function hasEntries<T extends object>(value: T | undefined): value is T {
  return value !== undefined && Object.keys(value).length > 0
}
