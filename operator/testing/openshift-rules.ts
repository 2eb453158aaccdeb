import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { askCluster } from './ask-cluster.ts'
import { valueOf } from './kubernetes-api-contract.ts'
import { soon } from './scenario.ts'
import type { TestCluster } from './test-cluster.ts'

const admission = (plural: string, kind: string): ResourceType => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural,
  kind,
  isNamespaced: false,
})
const policyType = admission('validatingadmissionpolicies', 'ValidatingAdmissionPolicy')
const bindingType = admission('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')
const definitionType: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
}
const constraintsGroup = 'security.openshift.io'

/** Range of a namespace, as OpenShift writes it to `openshift.io/sa.scc.uid-range`. */
const range = { first: 1_000_650_000, last: 1_000_659_999 } as const

const inRange = (id: string): string => `(${id} >= ${range.first} && ${id} <= ${range.last})`
const everyContainer = (rule: string): string => `object.spec.containers.all(c, ${rule})`

/**
 * The refusals of the SecurityContextConstraints `restricted-v2` in CEL:
 * https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/authentication_and_authorization/managing-pod-security-policies.
 * They also set the ids that a pod leaves out, which nothing here depends on.
 */
const validations: readonly { readonly expression: string; readonly message: string }[] = [
  {
    expression: `!has(object.spec.securityContext.runAsUser) || ${inRange('object.spec.securityContext.runAsUser')}`,
    message: `runAsUser: must be in the ranges: [${range.first}, ${range.last}]`,
  },
  {
    expression: everyContainer(`!has(c.securityContext.runAsUser) || ${inRange('c.securityContext.runAsUser')}`),
    message: `runAsUser: must be in the ranges: [${range.first}, ${range.last}]`,
  },
  {
    expression: `!has(object.spec.securityContext.fsGroup) || ${inRange('object.spec.securityContext.fsGroup')}`,
    message: 'fsGroup: not an allowed group',
  },
  {
    expression: everyContainer('!has(c.securityContext.privileged) || !c.securityContext.privileged'),
    message: 'Privileged containers are not allowed',
  },
  {
    expression: everyContainer(
      "has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation && 'ALL' in c.securityContext.capabilities.drop",
    ),
    message: 'Allowing privilege escalation, or keeping capabilities, is not allowed',
  },
  {
    expression: "!has(object.spec.securityContext.seccompProfile) || object.spec.securityContext.seccompProfile.type == 'RuntimeDefault'",
    message: 'Forbidden: seccomp may not be set',
  },
  {
    expression: '!has(object.spec.hostNetwork) && !has(object.spec.hostPID) && !has(object.spec.hostIPC)',
    message: 'Host namespaces are not allowed',
  },
  {
    expression:
      'object.spec.volumes.all(v, has(v.configMap) || has(v.csi) || has(v.downwardAPI) || has(v.emptyDir) || has(v.ephemeral) || has(v.persistentVolumeClaim) || has(v.projected) || has(v.secret))',
    message: 'This volume is not allowed',
  },
]

const pods = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }

/** A pod that asks for the user of gateways outside of OpenShift, and is valid in every other way. */
function podWithUser(namespace: string): KubernetesObject {
  const container = { name: 'any', image: 'any', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'any', namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsUser: 65_532 },
      volumes: [{ name: 'any', emptyDir: {} }],
      containers: [container],
    },
  }
}

/** Makes a namespace refuse pods as OpenShift does. Resolves when it does: the API server applies policies with a delay. */
export async function refuseAsOpenShift({ api, plane }: TestCluster, namespace: string): Promise<void> {
  const name = `restricted-${namespace}`
  valueOf(
    await api.create(policyType, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: policyType.kind,
      metadata: { name },
      spec: { failurePolicy: 'Fail', matchConstraints: { resourceRules: [pods] }, validations },
    }),
  )
  const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }
  valueOf(
    await api.create(bindingType, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: bindingType.kind,
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'], matchResources },
    }),
  )
  await soon(async () => {
    const { code, body } = await askCluster(plane, {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
      body: podWithUser(namespace),
    })
    if (code !== 422 && code !== 403) throw new Error(`the policy does not refuse pods yet: ${code} ${body.message}`)
    if (body.message?.includes('runAsUser') !== true) throw new Error(`something else refuses pods: ${body.message}`)
  })
}

/** Makes the API server serve the group by which the operator detects OpenShift. Resolves when it does. */
export async function serveOpenShift({ api, plane }: TestCluster): Promise<void> {
  const names = {
    kind: 'SecurityContextConstraints',
    plural: 'securitycontextconstraints',
    singular: 'securitycontextconstraints',
    listKind: 'SecurityContextConstraintsList',
  }
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const spec = { group: constraintsGroup, scope: 'Cluster', names, versions: [{ name: 'v1', served: true, storage: true, schema }] }
  valueOf(
    await api.create(definitionType, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: definitionType.kind,
      metadata: { name: `${names.plural}.${constraintsGroup}` },
      spec,
    }),
  )
  await soon(async () => {
    const { code } = await askCluster(plane, { path: `/apis/${constraintsGroup}` })
    if (code !== 200) throw new Error(`${constraintsGroup} is not served yet`)
  })
}
