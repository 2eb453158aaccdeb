/** A user with a token of the API server. RBAC grants the roles. */
export interface TestUser {
  readonly name: string
  readonly groups?: readonly string[]
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file */
export function tokenFileText(users: readonly (TestUser & { readonly token: string })[]): string {
  return users.map(({ token, name, groups = [] }) => `${token},${name},${name},"${groups.join(',')}"\n`).join('')
}

export interface Access {
  readonly server: string
  /** PEM. */
  readonly certificateAuthority: string
  readonly token: string
  /** User that the holder of the token impersonates. */
  readonly actAs?: { readonly name: string; readonly groups: readonly string[] }
}

/** Written as JSON, which is YAML. */
export function kubeconfigText({ server, certificateAuthority, token, actAs }: Access): string {
  const authority = Buffer.from(certificateAuthority).toString('base64')
  const impersonation = actAs === undefined ? {} : { as: actAs.name, 'as-groups': actAs.groups }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'user', user: { token, ...impersonation } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
