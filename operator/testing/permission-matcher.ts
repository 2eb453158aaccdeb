import type { Permission } from '../permissions.ts'
import type { ApiRequest } from './api-request.ts'

/** Where the scopes of permissions are. */
export interface Places {
  readonly ownNamespace: string
  /** Empty: all. */
  readonly watchNamespaces: readonly string[]
}

/** Whether this permission, in a role where its scope says, lets the request pass. */
export function covers(permission: Permission, request: ApiRequest, places: Places): boolean {
  const { apiGroup, resources, resourceNames, verbs } = permission
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`
  return (
    apiGroup === request.group &&
    resources.includes(resource) &&
    (verbs as readonly string[]).includes(request.verb) &&
    // A role that names names says nothing of objects that have none yet, or of all.
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
 * What the API server judged of a request. An apply (a PATCH) of an object that was not there is a create, too.
 * @param code of the answer
 */
export function judged(request: ApiRequest, code: number): readonly ApiRequest[] {
  return request.verb === 'patch' && code === 201 ? [request, { ...request, verb: 'create' }] : [request]
}

/** Every right of the table by itself, as `scope group/resource verb`. */
export function rightsOf(table: readonly Permission[]): readonly string[] {
  return table.flatMap((permission) =>
    permission.resources.flatMap((resource) => permission.verbs.map((verb) => rightOf(permission, resource, verb))),
  )
}

/** Those rights of the table that one of the requests needed. */
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
