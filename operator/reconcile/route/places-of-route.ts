import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { RoutePlace } from './place.ts'

/** Part of an Ingress with its addresses: https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types */
interface IngressSpec {
  readonly rules?: readonly {
    readonly host?: string
    readonly http?: { readonly paths?: readonly { readonly path?: string; readonly pathType?: string }[] }
  }[]
}

/** Part of an HTTPRoute with its addresses: https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch */
interface HttpRouteSpec {
  readonly hostnames?: readonly string[]
  readonly rules?: readonly { readonly matches?: readonly { readonly path?: { readonly type?: string; readonly value?: string } }[] }[]
}

/** Maximum length of a path. Controllers serve no longer ones. */
export const maxPathLength = 1_024

/**
 * Returns the places of any Ingress or HTTPRoute. Regular expressions are left out, because only their controller knows which paths they match. A path of the
 * type ImplementationSpecific counts as a prefix.
 */
export function placesOfRoute(object: KubernetesObject): readonly RoutePlace[] {
  // The API server holds both kinds to these shapes.
  const places = object.kind === 'Ingress' ? ofIngress(object['spec'] ?? {}) : ofHttpRoute(object['spec'] ?? {})
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
