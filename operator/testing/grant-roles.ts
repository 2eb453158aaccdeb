import { renderRoles } from '../permissions.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster } from './ask-cluster.ts'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

/** User that the operator authenticates as, bound only to the chart's roles. */
export const operatorUser = 'carillon-operator'

export interface Grant {
  readonly user: string
  /** Existing namespaces. Empty: all. */
  readonly watchNamespaces: readonly string[]
}

/** Binds the roles of the chart to the operator's user. Existing objects stay, so that more namespaces can be granted later. */
export async function grantRoles(plane: ControlPlane, { user, watchNamespaces }: Grant): Promise<void> {
  for (const role of renderRoles({ name: user, namespace: 'default', watchNamespaces })) {
    const { kind, metadata } = role as unknown as KubernetesObject // RBAC's objects are objects.
    const at = metadata.namespace === undefined ? '' : `namespaces/${metadata.namespace}/`
    const collection =
      { ClusterRole: 'clusterroles', Role: 'roles', ClusterRoleBinding: 'clusterrolebindings', RoleBinding: 'rolebindings' }[kind] ?? ''
    const subjects = kind.endsWith('Binding') ? { subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }] } : {}
    const made = await askCluster(plane, {
      method: 'POST',
      path: `/apis/rbac.authorization.k8s.io/v1/${at}${collection}`,
      body: { ...role, ...subjects },
    })
    if (made.code >= 300 && made.code !== 409) throw new Error(`${kind} ${metadata.name}: ${made.body.message}`)
  }
}
