import { apiVersion, channelKind, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { askCluster } from './ask-cluster.ts'
import { smallestSpec } from './channel-builders.ts'
import type { TestCluster } from './test-cluster.ts'

/** A user of one namespace who may only write channels there, by `rbac.aggregate` or by a Role of a platform team. */
export interface Tenant {
  readonly namespace: string
  /** Runs `kubectl apply` as the tenant. @throws with the API server's message when it refuses */
  apply(name: string, spec: RealtimeChannelSpec, annotations?: Readonly<Record<string, string>>): Promise<void>
  delete(name: string): Promise<void>
  /** Returns true if the API server allows the tenant this action in the namespace. */
  can(verb: string, group: string, resource: string): Promise<boolean>
}

const rbac = 'rbac.authorization.k8s.io'

/** Creates the tenant. @param user one of the users of the cluster */
export async function makeTenant(
  { plane }: TestCluster,
  { user, namespace }: { readonly user: string; readonly namespace: string },
): Promise<Tenant> {
  const must = async (question: Parameters<typeof askCluster>[1]): Promise<Readonly<Record<string, unknown>>> => {
    const { code, body } = await askCluster(plane, question)
    if (code >= 300) throw new Error(body.message)
    return body
  }
  const [metadata, roles] = [{ name: 'channels', namespace }, `/apis/${rbac}/v1/namespaces/${namespace}`]
  await must({
    method: 'POST',
    path: `${roles}/roles`,
    body: {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: ['carillon.dev'], resources: ['realtimechannels'], verbs: ['*'] }],
    },
  })
  const binding = { roleRef: { apiGroup: rbac, kind: 'Role', name: 'channels' }, subjects: [{ kind: 'User', apiGroup: rbac, name: user }] }
  await must({
    method: 'POST',
    path: `${roles}/rolebindings`,
    body: { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, ...binding },
  })
  const token = plane.userToken(user)
  const channels = `/apis/${apiVersion}/namespaces/${namespace}/realtimechannels`
  return {
    namespace,
    async apply(name, spec, annotations = {}) {
      const body = { apiVersion, kind: channelKind, metadata: { name, namespace, annotations }, spec: { ...smallestSpec, ...spec } }
      await must({
        method: 'PATCH',
        path: `${channels}/${name}?fieldManager=kubectl&force=true`,
        body,
        contentType: 'application/apply-patch+yaml',
        token,
      })
    },
    async delete(name) {
      await must({ method: 'DELETE', path: `${channels}/${name}`, token })
    },
    async can(verb, group, resource) {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace, verb, group, resource } },
      }
      const { status } = await must({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: review, token })
      return (status as { readonly allowed: boolean }).allowed // a SelfSubjectAccessReview
    },
  }
}
