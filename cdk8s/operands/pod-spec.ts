import { k8s } from 'cdk8s-plus-27'
import { gatewayContainer, temporaryVolume } from './gateway-container.ts'
import { selectorLabels } from '../../api/labels.ts'
import type { FileMounts } from './mounted-files.ts'
import type { OperandInput } from './operand-input.ts'
import { operandNames } from '../../api/child-names.ts'

/** User of the image. */
const userId = 65_532

/** Returns the part of the pods' spec that the operator decides; `podSpecOfUser` has the rest. Fits the Pod Security Standard "restricted". */
export function podSpec(input: OperandInput, files: FileMounts): k8s.PodSpec {
  const { gateway } = input.spec
  return {
    serviceAccountName: operandNames(input.channel.name).ServiceAccount,
    automountServiceAccountToken: false,
    // Otherwise every Service of the namespace adds variables. A Service that is named like an option of the gateway would set that option.
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
 * Returns the parts of a pod's spec that a user writes in Kubernetes' own terms, unchanged. The constructs of cdk8s know the fields of one version of
 * Kubernetes and silently drop all others. A newer field would be lost, and a misspelt one would not be an error.
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

/** Counts only the pods of one revision. Otherwise the old pods of a roll-out would push the new ones to other nodes. */
const ofOneRevision = { matchLabelKeys: ['pod-template-hash'] } as const

/** Preferred, not required: a cluster of one node gets its pods, too. */
const apartOnNodes: Verbatim = { topologyKey: 'kubernetes.io/hostname', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...ofOneRevision }

/**
 * Zones are not a second constraint. The scheduler ignores all constraints of a pod on nodes that lack a label of one of them. So pods would not even be
 * spread over nodes when nodes have no zones. An affinity to a label that does not exist has no effect.
 */
const apartInZones = (labelSelector: Verbatim): Verbatim => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 100, podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone', labelSelector, ...ofOneRevision } },
    ],
  },
})

/** Leaves out empty maps and lists: the API server would record the operator as their owner, to no effect. */
function hasEntries<T extends object>(value: T | undefined): value is T {
  return value !== undefined && Object.keys(value).length > 0
}
