/** A request to an API server, in the words in which RBAC judges it: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb */
export interface ApiRequest {
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string
  /** Empty for the core group. */
  readonly group: string
  /** Empty: no resource, but a page such as /version. */
  readonly resource: string
  readonly subresource: string
  /** Empty: of the cluster, or of all namespaces. */
  readonly namespace: string
  /** Empty: all, or one that the body names. */
  readonly name: string
}

const verbs: Readonly<Record<string, readonly [ofOne: string, ofMany: string]>> = {
  GET: ['get', 'list'],
  HEAD: ['get', 'list'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'deletecollection'],
}

/** @param path with its query */
export function parseRequest(method: string, path: string): ApiRequest {
  const url = new URL(path, 'http://server')
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const isCore = parts[0] === 'api'
  const [group, rest] = isCore ? ['', parts.slice(2)] : [parts[1] ?? '', parts.slice(3)]
  if ((!isCore && parts[0] !== 'apis') || rest.length === 0)
    return { verb: method.toLowerCase(), group: '', resource: '', subresource: '', namespace: '', name: '' }
  // A namespace itself is a resource of the cluster, which RBAC judges as in that namespace; what comes behind its name is in it.
  const isInNamespace = rest[0] === 'namespaces' && rest.length > 2
  const [resource = '', name = '', subresource = ''] = isInNamespace ? rest.slice(2) : rest
  const [ofOne = 'unknown', ofMany = 'unknown'] = verbs[method] ?? []
  const isWatch = method === 'GET' && ['true', '1'].includes(url.searchParams.get('watch') ?? '')
  return {
    verb: isWatch ? 'watch' : name === '' ? ofMany : ofOne,
    group,
    resource,
    subresource,
    namespace: rest[0] === 'namespaces' ? (rest[1] ?? '') : '',
    name,
  }
}
