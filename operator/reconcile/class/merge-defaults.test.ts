import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { anySpec } from '../../testing/channel-arbitraries.ts'
import { mergeDefaults } from './merge-defaults.ts'

const withAuthorities: RealtimeChannelSpec = { auth: { jwks: { uri: 'https://sso', caSecretRef: { name: 'ca' } } } }

const jwksOfClass: RealtimeChannelSpec = { auth: { jwks: { uri: 'https://sso.example.com/keys' } } }

describe('the defaults of a class', () => {
  it('yield to the values of the channel, field by field', () => {
    const merged = mergeDefaults(
      { replay: { window: '1m' }, auth: { audience: ['own'] } },
      { replay: { window: '5m', maxBytes: '8Mi' }, auth: { issuer: 'https://sso', audience: ['class'] }, emit: { burst: 7 } },
    )
    expect(merged).toEqual({
      replay: { window: '1m', maxBytes: '8Mi' },
      auth: { issuer: 'https://sso', audience: ['own'] },
      emit: { burst: 7 },
    })
  })

  it('are merged by key where there are keys, and replaced as a whole where there are none', () => {
    const own: RealtimeChannelSpec = {
      gateway: {
        env: [{ name: 'HEARTBEAT_INTERVAL_MS', value: '1' }],
        podLabels: { team: 'own' },
        tolerations: [{ key: 'own' }],
        affinity: { podAffinity: {} },
      },
    }
    const defaults: RealtimeChannelSpec = {
      gateway: {
        env: [
          { name: 'HEARTBEAT_INTERVAL_MS', value: '2' },
          { name: 'OTEL_SERVICE_NAME', value: 'c' },
        ],
        podLabels: { team: 'class', tier: 'edge' },
        tolerations: [{ key: 'class' }],
        affinity: { nodeAffinity: {} },
      },
    }
    expect(mergeDefaults(own, defaults).gateway).toEqual({
      env: [
        { name: 'OTEL_SERVICE_NAME', value: 'c' },
        { name: 'HEARTBEAT_INTERVAL_MS', value: '1' },
      ],
      podLabels: { team: 'own', tier: 'edge' },
      tolerations: [{ key: 'own' }],
      affinity: { podAffinity: {} },
    })
  })

  it('never mix two references into one', () => {
    const own: RealtimeChannelSpec = {
      kafka: { tls: { caSecretRef: { name: 'own' } }, sasl: { mechanism: 'plain', secretRef: { name: 'own' } } },
    }
    const defaults: RealtimeChannelSpec = {
      kafka: {
        bootstrapServers: ['a:1'],
        tls: { caSecretRef: { name: 'class', key: 'k' }, clientSecretRef: { name: 'c' } },
        sasl: { mechanism: 'scram-sha-512', secretRef: { name: 'class', usernameKey: 'u' } },
      },
    }
    expect(mergeDefaults(own, defaults).kafka).toEqual({
      bootstrapServers: ['a:1'],
      tls: { caSecretRef: { name: 'own' }, clientSecretRef: { name: 'c' } },
      sasl: { mechanism: 'plain', secretRef: { name: 'own' } },
    })
  })

  const choices: readonly (readonly [
    title: string,
    own: RealtimeChannelSpec,
    defaults: RealtimeChannelSpec,
    merged: RealtimeChannelSpec,
  ])[] = [
    [
      'another source of keys',
      { auth: { jwks: { secretRef: { name: 'own' } } } },
      jwksOfClass,
      { auth: { jwks: { secretRef: { name: 'own' } } } },
    ],
    [
      'another server of keys, whose authorities may be those of the class',
      { auth: { jwks: { uri: 'https://own' } } },
      withAuthorities,
      { auth: { jwks: { uri: 'https://own', caSecretRef: { name: 'ca' } } } },
    ],
    [
      'mounted keys, which need no authorities',
      { auth: { jwks: { configMapRef: { name: 'own' } } } },
      withAuthorities,
      { auth: { jwks: { configMapRef: { name: 'own' } } } },
    ],
    [
      'any origin',
      { auth: { dangerouslyAllowAnyOrigin: true } },
      { auth: { allowedOrigins: ['https://a'] } },
      { auth: { dangerouslyAllowAnyOrigin: true } },
    ],
    [
      'a list of origins',
      { auth: { allowedOrigins: ['https://a'] } },
      { auth: { dangerouslyAllowAnyOrigin: true } },
      { auth: { allowedOrigins: ['https://a'] } },
    ],
    [
      'brokers of its own, which get no credentials of the class',
      { kafka: { bootstrapServers: ['own:1'] } },
      { kafka: { bootstrapServers: ['class:1'], tls: {}, sasl: { mechanism: 'plain', secretRef: { name: 's' } } } },
      { kafka: { bootstrapServers: ['own:1'] } },
    ],
    [
      'the brokers of the class in another order',
      { kafka: { bootstrapServers: ['b:1', 'a:1'] } },
      { kafka: { bootstrapServers: ['a:1', 'b:1'], tls: {} } },
      { kafka: { bootstrapServers: ['b:1', 'a:1'], tls: {} } },
    ],
    [
      'a fixed number of pods',
      { gateway: { replicas: 3 } },
      { gateway: { autoscaling: { maxReplicas: 9 } } },
      { gateway: { replicas: 3 } },
    ],
    [
      'no number of pods',
      { gateway: { replicas: 2 } },
      { gateway: { autoscaling: { maxReplicas: 9 } } },
      { gateway: { replicas: 2, autoscaling: { maxReplicas: 9 } } },
    ],
    [
      'a retention',
      { topic: { retention: '1h' } },
      { topic: { config: { 'retention.ms': '1', 'min.insync.replicas': '2' } } },
      { topic: { retention: '1h', config: { 'min.insync.replicas': '2' } } },
    ],
    [
      'a retention by its setting',
      { topic: { config: { 'retention.ms': '1' } } },
      { topic: { retention: '1h' } },
      { topic: { config: { 'retention.ms': '1' } } },
    ],
    [
      'the Gateway API',
      { route: { type: 'HTTPRoute', host: 'a', parentRefs: [{ name: 'g' }] } },
      { route: { className: 'traefik', tls: { secretName: 's' } } },
      { route: { type: 'HTTPRoute', host: 'a', parentRefs: [{ name: 'g' }], tls: {} } },
    ],
    [
      'an Ingress',
      { route: { type: 'Ingress', host: 'a' } },
      { route: { type: 'HTTPRoute', parentRefs: [{ name: 'g' }] } },
      { route: { type: 'Ingress', host: 'a' } },
    ],
    [
      'no route, of a class that only says how routes are made',
      {},
      { route: { className: 'traefik', tls: {} } },
      { route: { className: 'traefik', tls: {}, type: 'None' } },
    ],
    [
      'a route, of a class that only says how routes are made',
      { route: { host: 'a' } },
      { route: { className: 'traefik' } },
      { route: { host: 'a', className: 'traefik' } },
    ],
    ['nothing, of a class that gives a host', {}, { route: { host: 'apps.example.com' } }, { route: { host: 'apps.example.com' } }],
  ]

  it.each(choices)('give way to a channel that chose %s', (_title, own, defaults, merged) => {
    expect(mergeDefaults(own, defaults)).toEqual(merged)
  })

  it('change no value of the channel, for any class', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (own, defaults) => {
        expect(mergeDefaults(own, defaults)).toMatchObject(own)
      }),
    )
  })

  it('add nothing when they are merged again', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (own, defaults) => {
        const once = mergeDefaults(own, defaults)
        expect(mergeDefaults(once, defaults)).toEqual(once)
        expect(mergeDefaults(own, {})).toEqual(own)
      }),
    )
  })
})
