import { describe, expect, it } from 'vitest'
import { permissions, policyRules, releasePermissions, renderRoles } from './permissions.ts'

const all = [...permissions, ...releasePermissions]

describe('the permissions of the operator', () => {
  it('never include Secrets, roles or wildcards', () => {
    const resources = all.flatMap((permission) => permission.resources)
    expect(resources.filter((resource) => /secrets|roles|rolebindings|\*|pods\/exec|serviceaccounts\/token/.test(resource))).toEqual([])
    expect(all.filter(({ apiGroup, verbs }) => apiGroup === '*' || verbs.length === 0)).toEqual([])
  })

  it('have a reason in a sentence, and name the part that needs them', () => {
    expect(all.filter(({ why, by }) => !/^[A-Z].+\.$/.test(why) || by === '')).toEqual([])
  })

  it("allow no change outside of the namespaces of channels and the operator's own", () => {
    const writes = policyRules('cluster')
      .flatMap(({ verbs }) => verbs)
      .filter((verb) => !['get', 'list', 'watch'].includes(verb))
    expect(writes).toEqual([])
  })

  it('are in the table once', () => {
    const keys = permissions.flatMap(({ apiGroup, resources, scope }) => resources.map((resource) => `${scope} ${apiGroup}/${resource}`))
    expect(keys).toEqual([...new Set(keys)])
  })

  it('for releasing finalizers are among those of the operator', () => {
    const channels = policyRules('channels').find(({ resources }) => resources.includes('realtimechannels'))
    expect(
      policyRules('channels', releasePermissions)
        .flatMap(({ verbs }) => verbs)
        .filter((verb) => channels?.verbs.includes(verb) !== true),
    ).toEqual([])
  })
})

const kindsOf = (objects: readonly object[]): readonly string[] => objects.map((object) => (object as { kind: string }).kind) // every object of Kubernetes has one

describe('the roles of the operator', () => {
  it('are ClusterRoles when all namespaces are watched', () => {
    expect(kindsOf(renderRoles({ name: 'a', namespace: 'n', watchNamespaces: [] }))).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
    ])
  })

  it('are Roles per namespace when some are watched, and the ClusterRole only reads', () => {
    const [cluster, , ...others] = renderRoles({ name: 'a', namespace: 'n', watchNamespaces: ['x', 'y'] })
    expect(cluster).toMatchObject({ kind: 'ClusterRole', rules: policyRules('cluster') })
    expect(
      others
        .filter((object) => (object as { kind: string }).kind === 'Role')
        .map((object) => (object as { metadata: { namespace: string } }).metadata.namespace),
    ).toEqual(['x', 'y', 'n'])
  })
})
