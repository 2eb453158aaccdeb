import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { Result } from '../../../program/result.ts'
import type { FoundRoute } from '../world.ts'

const ingressClassType: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  isNamespaced: false,
}
const gatewayType: ResourceType = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'gateways',
  kind: 'Gateway',
  isNamespaced: true,
}

/**
 * Annotation of the class of Ingresses that name none.
 * https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
 */
const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class'

/** Time for which a read stays valid. All channels share classes and Gateways, which change rarely. */
const cacheMs = 5_000

export interface RouteObserver {
  observe(channel: RealtimeChannel): Promise<FoundRoute>
}

/** Checks that the class or Gateway of a channel's route exists. */
export function createRouteObserver({
  api,
  nowMs,
}: {
  readonly api: Pick<KubernetesApi, 'get' | 'list'>
  readonly nowMs: () => number
}): RouteObserver {
  const cached = createCache(nowMs)
  return {
    async observe({ spec: { route }, metadata }) {
      if (route.type === 'None') return { kind: 'not-asked' }
      if (route.type === 'HTTPRoute')
        return observeGateways(
          api,
          cached,
          (route.parentRefs ?? []).map(({ name, namespace }) => ({ name, namespace: namespace ?? metadata.namespace ?? '' })),
        )
      const classes = await cached('classes', () => api.list(ingressClassType, {}))
      if (!classes.ok) return { kind: 'unknown', error: classes.error }
      return findClass(classes.value.items, route.className)
    },
  }
}

function findClass(classes: readonly KubernetesObject[], className: string | undefined): FoundRoute {
  if (className !== undefined)
    return classes.some(({ metadata }) => metadata.name === className) ? { kind: 'ok' } : { kind: 'class-not-found', className }
  return classes.some(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === 'true')
    ? { kind: 'ok' }
    : { kind: 'no-default-class' }
}

async function observeGateways(
  api: Pick<KubernetesApi, 'get'>,
  cached: Cached,
  gateways: readonly { readonly name: string; readonly namespace: string }[],
): Promise<FoundRoute> {
  for (const gateway of gateways) {
    const found = await cached(`gateway ${gateway.namespace}/${gateway.name}`, () => api.get(gatewayType, gateway))
    if (found.ok) continue
    if (found.error.kind === 'no-such-resource') return observeOlderApi(api, cached, gateway)
    return found.error.kind === 'not-found' ? { kind: 'gateway-not-found', gateway } : { kind: 'unknown', error: found.error }
  }
  return { kind: 'ok' }
}

/** Reads v1beta1. A cluster that serves only v1beta1 has HTTPRoutes, but not the version that the operator makes. */
async function observeOlderApi(api: Pick<KubernetesApi, 'get'>, cached: Cached, gateway: ObjectRef): Promise<FoundRoute> {
  const version = 'v1beta1'
  const older = await cached(`gateway ${version} ${gateway.namespace}/${gateway.name}`, () => api.get({ ...gatewayType, version }, gateway))
  return older.ok || older.error.kind === 'not-found' ? { kind: 'gateway-api-too-old', version } : { kind: 'gateway-api-missing' }
}

type Cached = <T>(key: string, read: () => Promise<Result<T, ApiError>>) => Promise<Result<T, ApiError>>

/**
 * Shares a read among all callers within its time. There are few keys: one for the classes, and one for each Gateway that a channel names.
 */
function createCache(nowMs: () => number): Cached {
  const entries = new Map<string, { readonly atMs: number; readonly answer: Promise<Result<unknown, ApiError>> }>()
  return <T>(key: string, read: () => Promise<Result<T, ApiError>>) => {
    for (const [old, { atMs }] of entries) if (nowMs() - atMs >= cacheMs) entries.delete(old)
    const entry = entries.get(key) ?? { atMs: nowMs(), answer: read() }
    entries.set(key, entry)
    // The key determines the type of the value.
    return entry.answer as Promise<Result<T, ApiError>>
  }
}
