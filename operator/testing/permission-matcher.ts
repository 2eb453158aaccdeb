import type { Permission } from '../permissions.ts'
import type { ApiRequest } from './api-request.ts'

/** Namespaces of the scopes of permissions. */
export interface Places {
  readonly ownNamespace: string
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[]
}

/** Returns true if this permission, in a role of its scope, allows the request. */
export function covers(permission: Permission, request: ApiRequest, places: Places): boolean {
  const { apiGroup, resources, resourceNames, verbs } = permission
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`
  return (
    apiGroup === request.group &&
    resources.includes(resource) &&
    (verbs as readonly string[]).includes(request.verb) &&
    // A rule with resourceNames allows no request for new objects or for all objects.
    (resourceNames === undefined || (request.name !== '' && resourceNames.includes(request.name))) &&
    holdsIn(permission, request, places)
  )
}

function holdsIn({ scope }: Permission, { namespace }: ApiRequest, { ownNamespace, watchNamespaces }: Places): boolean {
  switch (scope) {
    case 'cluster':
      return true
    case 'own-namespace':
      return namespace === ownNamespace
    case 'channels':
      return watchNamespaces.length === 0 || watchNamespaces.includes(namespace)
    default:
      return scope satisfies never
  }
}

/**
 * Returns the requests that the API server checked for one request. An apply (a PATCH) of a new object is a create, too.
 * @param code status of the response
 */
export function checkedRequests(request: ApiRequest, code: number): readonly ApiRequest[] {
  return request.verb === 'patch' && code === 201 ? [request, { ...request, verb: 'create' }] : [request]
}

/** Returns every right of the table alone, as `scope group/resource verb`. */
export function rightsOf(table: readonly Permission[]): readonly string[] {
  return table.flatMap((permission) =>
    permission.resources.flatMap((resource) => permission.verbs.map((verb) => rightOf(permission, resource, verb))),
  )
}

/** Returns the rights of the table that at least one of the requests needed. */
export function usedRights(table: readonly Permission[], requests: readonly ApiRequest[], places: Places): ReadonlySet<string> {
  return new Set(
    table.flatMap((permission) =>
      requests
        .filter((request) => covers(permission, request, places))
        .map(({ resource, subresource, verb }) => rightOf(permission, subresource === '' ? resource : `${resource}/${subresource}`, verb)),
    ),
  )
}

const rightOf = ({ scope, apiGroup }: Permission, resource: string, verb: string): string =>
  `${scope} ${apiGroup === '' ? 'core' : apiGroup}/${resource} ${verb}`
