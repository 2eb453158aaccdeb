import type { CommandResult } from '../platform/command.ts'
import { fieldManager } from '../platform/kubectl.ts'
import { listOf, type Manifest } from '../platform/manifests.ts'
import type { Stage } from './stage.ts'

/** A user who may make channels in the namespace of a stage, and nothing else. */
export interface Tenant {
  /** Runs `kubectl apply --server-side` as the tenant. Never rejects. */
  apply(...objects: readonly Manifest[]): Promise<CommandResult>
  /** Runs kubectl in the namespace. Never rejects. */
  kubectl(words: readonly string[]): Promise<CommandResult>
}

export async function makeTenant(stage: Stage, name: string): Promise<Tenant> {
  const metadata = { name: 'channels', namespace: stage.namespace }
  const [group, apiVersion] = ['rbac.authorization.k8s.io', 'rbac.authorization.k8s.io/v1']
  await stage.apply(
    { apiVersion, kind: 'Role', metadata, rules: [{ apiGroups: ['carillon.dev'], resources: ['realtimechannels'], verbs: ['*'] }] },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: 'channels' },
      subjects: [{ kind: 'User', apiGroup: group, name }],
    },
  )
  const as = `--as=${name}`
  return {
    apply: (...objects) =>
      stage.kubectl(['apply', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`, as, '--filename', '-'], {
        input: listOf(objects),
      }),
    kubectl: (words) => stage.kubectl([...words, as]),
  }
}
