import { describe, expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { createRouteObserver } from './route.ts'

const withRoute = (route: object): RealtimeChannel =>
  ({ metadata: { namespace: 'team', name: 'news' }, spec: { route } }) as unknown as RealtimeChannel // Other fields are not read.

const ingressClass = (name: string, isDefault = false): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, ...(isDefault ? { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } } : {}) },
})

interface Cluster {
  readonly classes?: readonly KubernetesObject[]
  readonly gateways?: readonly string[]
  /** Served versions of the Gateway API. @default all */
  readonly versions?: readonly string[]
  readonly error?: ApiError
}

function observerOf({ classes = [], gateways = [], versions, error }: Cluster) {
  const world = { nowMs: 0, calls: 0 }
  const api: Pick<KubernetesApi, 'get' | 'list'> = {
    async list() {
      world.calls++
      return error === undefined ? ok({ items: classes, resourceVersion: '1', continueToken: null }) : failed(error)
    },
    async get({ version }, { namespace, name }) {
      world.calls++
      if (versions !== undefined && !versions.includes(version)) return failed({ kind: 'no-such-resource', message: '', code: 404 })
      if (error !== undefined) return failed(error)
      const isThere = gateways.includes(`${namespace}/${name}`)
      return isThere
        ? ok({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name } })
        : failed({ kind: 'not-found', message: '', code: 404 })
    },
  }
  return { world, observer: createRouteObserver({ api, nowMs: () => world.nowMs }) }
}

describe('the requirements of a route', () => {
  it('are not checked without a route', async () => {
    const { observer, world } = observerOf({})
    expect(await observer.observe(withRoute({ type: 'None' }))).toEqual({ kind: 'not-asked' })
    expect(world.calls).toBe(0)
  })

  it("include the channel's ingress class, or else the default class", async () => {
    const { observer } = observerOf({ classes: [ingressClass('traefik')] })
    expect(await observer.observe(withRoute({ type: 'Ingress', className: 'traefik' }))).toEqual({ kind: 'ok' })
    expect(await observer.observe(withRoute({ type: 'Ingress', className: 'nginx' }))).toEqual({
      kind: 'class-not-found',
      className: 'nginx',
    })
    expect(await observer.observe(withRoute({ type: 'Ingress' }))).toEqual({ kind: 'no-default-class' })
    expect(await observerOf({ classes: [ingressClass('traefik', true)] }).observer.observe(withRoute({ type: 'Ingress' }))).toEqual({
      kind: 'ok',
    })
  })

  it("include each Gateway of an HTTPRoute, by default in the channel's namespace", async () => {
    const { observer } = observerOf({ gateways: ['team/own', 'edge/shared'] })
    const route = (parentRefs: readonly object[]) => withRoute({ type: 'HTTPRoute', parentRefs })
    expect(await observer.observe(route([{ name: 'own' }, { name: 'shared', namespace: 'edge' }]))).toEqual({ kind: 'ok' })
    expect(await observer.observe(route([{ name: 'own' }, { name: 'shared' }]))).toEqual({
      kind: 'gateway-not-found',
      gateway: { namespace: 'team', name: 'shared' },
    })
  })

  it('are missing or unknown, depending on the error of the read', async () => {
    const missing = observerOf({ error: { kind: 'no-such-resource', message: '', code: 404 } })
    expect(await missing.observer.observe(withRoute({ type: 'HTTPRoute', parentRefs: [{ name: 'x' }] }))).toEqual({
      kind: 'gateway-api-missing',
    })
    const error: ApiError = { kind: 'forbidden', message: 'no', code: 403 }
    expect(await observerOf({ error }).observer.observe(withRoute({ type: 'Ingress' }))).toEqual({ kind: 'unknown', error })
  })

  it('include a sufficient version of the Gateway API', async () => {
    const route = withRoute({ type: 'HTTPRoute', parentRefs: [{ name: 'edge' }] })
    expect(await observerOf({ versions: ['v1beta1'], gateways: ['team/edge'] }).observer.observe(route)).toEqual({
      kind: 'gateway-api-too-old',
      version: 'v1beta1',
    })
    expect(await observerOf({ versions: ['v1beta1'] }).observer.observe(route)).toEqual({ kind: 'gateway-api-too-old', version: 'v1beta1' })
    expect(await observerOf({ versions: [] }).observer.observe(route)).toEqual({ kind: 'gateway-api-missing' })
    expect(await observerOf({ versions: ['v1', 'v1beta1'], gateways: ['team/edge'] }).observer.observe(route)).toEqual({ kind: 'ok' })
  })

  it('are read once for many channels, and again after five seconds', async () => {
    const { observer, world } = observerOf({ classes: [ingressClass('traefik')] })
    await Promise.all(Array.from({ length: 100 }, () => observer.observe(withRoute({ type: 'Ingress', className: 'traefik' }))))
    expect(world.calls).toBe(1)
    world.nowMs = 5_000
    await observer.observe(withRoute({ type: 'Ingress', className: 'traefik' }))
    expect(world.calls).toBe(2)
  })
})
