/**
 * A request to an API server in RBAC's terms:
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
 */
export interface ApiRequest {
  /** One of get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string
  /** Empty for the core group. */
  readonly group: string
  /** Empty: a page such as /version, and no resource. */
  readonly resource: string
  readonly subresource: string
  /** Empty: a cluster-wide object, or all namespaces. */
  readonly namespace: string
  /** Empty: all objects, or one that the body names. */
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

/** Parses a request. @param path with its query */
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
  // RBAC checks a namespace itself as an object in that namespace. A resource after its name is in the namespace, too.
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
