import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { RoutePlace } from './place.ts'

/** The part of an Ingress that says which addresses it has: https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types */
interface IngressSpec {
  readonly rules?: readonly {
    readonly host?: string
    readonly http?: { readonly paths?: readonly { readonly path?: string; readonly pathType?: string }[] }
  }[]
}

/** The same of an HTTPRoute: https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch */
interface HttpRouteSpec {
  readonly hostnames?: readonly string[]
  readonly rules?: readonly { readonly matches?: readonly { readonly path?: { readonly type?: string; readonly value?: string } }[] }[]
}

/** No path that a controller serves is longer. */
export const maxPathLength = 1_024

/**
 * Returns the places of an Ingress or HTTPRoute of anybody. Paths that are regular expressions are left out: which paths they match only their
 * controller knows. A path of the type ImplementationSpecific counts as a prefix.
 */
export function placesOfRoute(object: KubernetesObject): readonly RoutePlace[] {
  // The API server holds both kinds to these shapes.
  const places =
    object.kind === 'Ingress' ? ofIngress((object['spec'] ?? {}) as IngressSpec) : ofHttpRoute((object['spec'] ?? {}) as HttpRouteSpec)
  return places.filter(({ path }) => path.length <= maxPathLength)
}

function ofIngress({ rules = [] }: IngressSpec): readonly RoutePlace[] {
  return rules.flatMap(({ host = '', http }) =>
    (http?.paths ?? []).map(({ path = '/', pathType }): RoutePlace => ({
      host: host === '' ? '*' : host,
      path,
      match: pathType === 'Exact' ? 'Exact' : 'Prefix',
    })),
  )
}

function ofHttpRoute({ hostnames = [], rules = [] }: HttpRouteSpec): readonly RoutePlace[] {
  const hosts = hostnames.length === 0 ? ['*'] : hostnames
  const matches = rules.flatMap((rule) => rule.matches ?? [{}])
  return hosts.flatMap((host) =>
    matches.flatMap(({ path: { type = 'PathPrefix', value = '/' } = {} }): readonly RoutePlace[] =>
      type === 'RegularExpression' ? [] : [{ host, path: value, match: type === 'Exact' ? 'Exact' : 'Prefix' }],
    ),
  )
}
