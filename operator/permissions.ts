import { apiGroup, channelType } from '../api/v1alpha1/realtime-channel.ts'
import { classCrdName } from '../api/v1alpha1/class-crd.ts'
import { classType } from '../api/v1alpha1/realtime-channel-class.ts'
import { crdName } from '../api/v1alpha1/crd.ts'

/**
 * Where a permission holds. channels: in each namespace whose channels are looked after, which may be all. cluster: for what is in no namespace, or
 * may be in any. own-namespace: where the operator itself runs.
 */
export type PermissionScope = 'channels' | 'cluster' | 'own-namespace'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

export interface Permission {
  readonly apiGroup: string
  readonly resources: readonly string[]
  /** Only objects of these names. @default all */
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly Verb[]
  readonly scope: PermissionScope
  /** The part of the operator that asks. */
  readonly by: string
  readonly why: string
}

const kept: readonly Verb[] = ['get', 'list', 'watch', 'create', 'patch', 'delete']
const children = { verbs: kept, scope: 'channels', by: 'reconcile' } as const

/**
 * Every permission that the operator needs, and why (O5: no request falls outside). From it come the chart's roles and
 * docs/reference/permissions.md. Secrets are not in it: docs/rbac.md says how a namespace lets the operator read one.
 */
export const permissions: readonly Permission[] = [
  {
    apiGroup,
    resources: [channelType.plural],
    verbs: ['get', 'list', 'watch', 'patch'],
    scope: 'channels',
    by: 'watch, reconcile',
    why: 'To see channels, and to add and remove the finalizer that owes Kafka a deletion.',
  },
  {
    apiGroup,
    resources: [`${channelType.plural}/status`],
    verbs: ['patch'],
    scope: 'channels',
    by: 'status',
    why: 'To write conditions, URL and topic.',
  },
  {
    apiGroup,
    resources: [`${channelType.plural}/finalizers`],
    verbs: ['update'],
    scope: 'channels',
    by: 'reconcile',
    why: 'To own children with blockOwnerDeletion, where the cluster guards that (OpenShift does).',
  },
  {
    apiGroup: '',
    resources: ['namespaces'],
    verbs: ['get'],
    scope: 'channels',
    by: 'observe',
    why: 'To see the labels of a namespace whose channel has a class that is only for some.',
  },
  {
    ...children,
    apiGroup: '',
    resources: ['services', 'serviceaccounts'],
    why: 'The Service of a channel, and the account of its pods, which has no permissions.',
  },
  { ...children, apiGroup: 'apps', resources: ['deployments'], why: 'The gateways of a channel.' },
  { ...children, apiGroup: 'autoscaling', resources: ['horizontalpodautoscalers'], why: 'The autoscaler of a channel that asks for one.' },
  { ...children, apiGroup: 'policy', resources: ['poddisruptionbudgets'], why: 'So that a drain of nodes leaves gateways running.' },
  {
    ...children,
    apiGroup: 'networking.k8s.io',
    resources: ['ingresses', 'networkpolicies'],
    why: 'The route of a channel, and who may reach its pods. Ingresses of others are watched, too: a channel is told of those that have its path.',
  },
  {
    ...children,
    apiGroup: 'gateway.networking.k8s.io',
    resources: ['httproutes'],
    why: 'The route of a channel that asks for Gateway API. HTTPRoutes of others are watched, too: a channel is told of those that have its path.',
  },
  {
    apiGroup: '',
    resources: ['pods'],
    verbs: ['list'],
    scope: 'channels',
    by: 'status',
    why: 'To say why gateways are not ready: an image that cannot be pulled, a Secret that is not there.',
  },
  {
    apiGroup: '',
    resources: ['events'],
    verbs: ['list'],
    scope: 'channels',
    by: 'status',
    why: 'To say what the kubelet says of such a pod.',
  },
  {
    apiGroup: 'events.k8s.io',
    resources: ['events'],
    verbs: ['create', 'patch'],
    scope: 'channels',
    by: 'event recorder',
    why: 'To tell of transitions, and to count what repeats.',
  },
  {
    apiGroup,
    resources: [classType.plural],
    verbs: ['list', 'watch'],
    scope: 'cluster',
    by: 'watch',
    why: 'To see what classes give to channels and allow them. Not needed with CLASS_FILE.',
  },
  {
    apiGroup: 'networking.k8s.io',
    resources: ['ingressclasses'],
    verbs: ['list'],
    scope: 'cluster',
    by: 'observe',
    why: 'To refuse an ingress class that does not exist.',
  },
  {
    apiGroup: 'gateway.networking.k8s.io',
    resources: ['gateways'],
    verbs: ['get'],
    scope: 'cluster',
    by: 'observe',
    why: 'To refuse a Gateway that does not exist; it may be in any namespace.',
  },
  {
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get'],
    scope: 'cluster',
    by: 'observe',
    why: "To see whether another operator, whose mark is on a channel's objects, is still there; it may be in any namespace.",
  },
  {
    apiGroup: 'apiextensions.k8s.io',
    resources: ['customresourcedefinitions'],
    resourceNames: [crdName, classCrdName],
    verbs: ['get'],
    scope: 'cluster',
    by: 'start',
    why: 'To notice a schema that is older or newer than the operator, and one that is changed later.',
  },
  {
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    scope: 'own-namespace',
    by: 'leader election',
    why: 'So that one of several operators works.',
  },
  {
    apiGroup: 'events.k8s.io',
    resources: ['events'],
    verbs: ['create', 'patch'],
    scope: 'own-namespace',
    by: 'event recorder',
    why: 'To tell of namespaces that cannot be read, by Events about the Lease.',
  },
]

/** What `--release-finalizers` needs, and nothing else: the chart's Job runs it when the operator has been uninstalled. */
export const releasePermissions: readonly Permission[] = [
  {
    apiGroup,
    resources: [channelType.plural],
    verbs: ['get', 'list', 'patch'],
    scope: 'channels',
    by: '--release-finalizers',
    why: 'To take the finalizer off every channel.',
  },
  {
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    scope: 'own-namespace',
    by: '--release-finalizers',
    why: 'To wait until the last operator has let go of its Lease: it would put the finalizer back.',
  },
]

/** A rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly Verb[]
}

export function policyRules(scope: PermissionScope, table: readonly Permission[] = permissions): readonly PolicyRule[] {
  return table
    .filter((permission) => permission.scope === scope)
    .map(({ apiGroup: group, resources, resourceNames, verbs }) => ({
      apiGroups: [group],
      resources,
      ...(resourceNames === undefined ? {} : { resourceNames }),
      verbs,
    }))
}

export interface RoleChoices {
  /** Of the service account, and of what is made for it. */
  readonly name: string
  /** Where the operator runs. */
  readonly namespace: string
  /** Empty: all. */
  readonly watchNamespaces: readonly string[]
}

/** The roles and bindings of an operator, as the chart makes them: what a test or a cluster without Helm applies. */
export function renderRoles({ name, namespace, watchNamespaces }: RoleChoices): readonly object[] {
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  const rbac = (kind: string, metadata: object, more: object): object => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata,
    ...more,
  })
  const pair = (scope: '' | 'Cluster', metadata: object, roleName: string, rules: readonly PolicyRule[]): readonly object[] => [
    rbac(`${scope}Role`, metadata, { rules }),
    rbac(`${scope}RoleBinding`, metadata, {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: `${scope}Role`, name: roleName },
      subjects,
    }),
  ]
  const everywhere = watchNamespaces.length === 0 ? policyRules('channels') : []
  return [
    ...pair('Cluster', { name }, name, [...policyRules('cluster'), ...everywhere]),
    ...watchNamespaces.flatMap((each) => pair('', { name, namespace: each }, name, policyRules('channels'))),
    ...pair('', { name: `${name}-own`, namespace }, `${name}-own`, policyRules('own-namespace')),
  ]
}
