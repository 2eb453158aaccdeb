import { apiGroup, channelType } from '../api/v1alpha1/realtime-channel.ts'
import { classCrdName } from '../api/v1alpha1/class-crd.ts'
import { classType } from '../api/v1alpha1/realtime-channel-class.ts'
import { crdName } from '../api/v1alpha1/crd.ts'

/**
 * Scope of a permission. channels: each namespace whose channels are reconciled, which may be all. cluster: objects without a namespace,
 * or in any namespace. own-namespace: the namespace of the operator.
 */
export type PermissionScope = 'channels' | 'cluster' | 'own-namespace'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

export interface Permission {
  readonly apiGroup: string
  readonly resources: readonly string[]
  /** Names of the objects that the permission covers. @default all */
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly Verb[]
  readonly scope: PermissionScope
  /** Part of the operator that needs the permission. */
  readonly by: string
  readonly why: string
}

const kept: readonly Verb[] = ['get', 'list', 'watch', 'create', 'patch', 'delete']
const children = { verbs: kept, scope: 'channels', by: 'reconcile' } as const

/**
 * Every permission that the operator needs, with the reason (O5: no request falls outside). The chart's roles and
 * docs/reference/permissions.md are generated from it. It has no Secrets: docs/rbac.md says how a namespace lets the operator read one.
 */
export const permissions: readonly Permission[] = [
  {
    apiGroup,
    resources: [channelType.plural],
    verbs: ['get', 'list', 'watch', 'patch'],
    scope: 'channels',
    by: 'watch, reconcile',
    why: 'To read channels, and to add and remove the finalizer that guards the deletion of their topics.',
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
    why: 'To own children with blockOwnerDeletion, when the cluster checks that (OpenShift does).',
  },
  {
    apiGroup: '',
    resources: ['namespaces'],
    verbs: ['get'],
    scope: 'channels',
    by: 'observe',
    why: 'To read the labels of a namespace whose channel has a class with a namespace selector.',
  },
  {
    ...children,
    apiGroup: '',
    resources: ['services', 'serviceaccounts'],
    why: 'To keep the Service of a channel, and the service account of its pods, which has no permissions.',
  },
  { ...children, apiGroup: 'apps', resources: ['deployments'], why: 'To keep the gateways of a channel.' },
  {
    ...children,
    apiGroup: 'autoscaling',
    resources: ['horizontalpodautoscalers'],
    why: 'To keep the autoscaler of a channel that asks for one.',
  },
  { ...children, apiGroup: 'policy', resources: ['poddisruptionbudgets'], why: 'To keep gateways running while nodes are drained.' },
  {
    ...children,
    apiGroup: 'networking.k8s.io',
    resources: ['ingresses', 'networkpolicies'],
    why: 'To keep the route of a channel and the network policy of its pods. Ingresses of others are watched, too: one with the path of a channel is reported in its status.',
  },
  {
    ...children,
    apiGroup: 'gateway.networking.k8s.io',
    resources: ['httproutes'],
    why: 'To keep the route of a channel that asks for Gateway API. HTTPRoutes of others are watched, too: one with the path of a channel is reported in its status.',
  },
  {
    apiGroup: '',
    resources: ['pods'],
    verbs: ['list'],
    scope: 'channels',
    by: 'status',
    why: 'To explain why gateways are not ready: an image that cannot be pulled, a Secret that is missing.',
  },
  {
    apiGroup: '',
    resources: ['events'],
    verbs: ['list'],
    scope: 'channels',
    by: 'status',
    why: 'To report the Events of the kubelet about such a pod.',
  },
  {
    apiGroup: 'events.k8s.io',
    resources: ['events'],
    verbs: ['create', 'patch'],
    scope: 'channels',
    by: 'event recorder',
    why: 'To write Events about changes of a status, and to count repetitions.',
  },
  {
    apiGroup,
    resources: [classType.plural],
    verbs: ['list', 'watch'],
    scope: 'cluster',
    by: 'watch',
    why: 'To read the defaults and bounds of classes. Not needed with CLASS_FILE.',
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
    why: 'To refuse a Gateway that does not exist. It may be in any namespace.',
  },
  {
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get'],
    scope: 'cluster',
    by: 'observe',
    why: "To find out whether another operator, whose mark is on a channel's objects, still exists. It may be in any namespace.",
  },
  {
    apiGroup: 'apiextensions.k8s.io',
    resources: ['customresourcedefinitions'],
    resourceNames: [crdName, classCrdName],
    verbs: ['get'],
    scope: 'cluster',
    by: 'start',
    why: 'To detect a schema that is older or newer than the operator, and later changes of it.',
  },
  {
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    scope: 'own-namespace',
    by: 'leader election',
    why: 'To let only one of several operators work.',
  },
  {
    apiGroup: 'events.k8s.io',
    resources: ['events'],
    verbs: ['create', 'patch'],
    scope: 'own-namespace',
    by: 'event recorder',
    why: 'To report namespaces that cannot be read, by Events about the Lease.',
  },
]

/** The permissions of `--release-finalizers` alone. The chart's Job runs it after the operator was uninstalled. */
export const releasePermissions: readonly Permission[] = [
  {
    apiGroup,
    resources: [channelType.plural],
    verbs: ['get', 'list', 'patch'],
    scope: 'channels',
    by: '--release-finalizers',
    why: 'To remove the finalizer from every channel.',
  },
  {
    apiGroup: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    scope: 'own-namespace',
    by: '--release-finalizers',
    why: 'To wait until the last operator has released its Lease: it would add the finalizer again.',
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
  /** Name of the service account, of the roles and of the bindings. */
  readonly name: string
  /** Namespace of the operator. */
  readonly namespace: string
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[]
}

/** Renders the roles and bindings of an operator as the chart does, for tests and for clusters without Helm. */
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
