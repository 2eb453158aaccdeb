import { describe, expect, it } from 'vitest'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { aStoredSpec, smallestSpec } from '../../testing/channel-builders.ts'
import { egressOf } from './egress.ts'

const brokers = ['kafka-0:9093', 'kafka-1:9093', '[fd00::1]:9092']

type Egress = NonNullable<NonNullable<RealtimeChannelSpec['network']>['egress']>

const rulesOf = (egress: Egress, spec: Partial<RealtimeChannelSpec> = {}) =>
  egressOf(aStoredSpec({ ...spec, network: { ...spec.network, egress } }), brokers)

const tcp = (...ports: readonly number[]) => ports.map((port) => ({ port, protocol: 'TCP' }))
const dns = { ports: [53, 5353].flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ port, protocol }))) }

describe('the egress of pods', () => {
  it('has no limits for a channel that asks for none', () => {
    expect(egressOf(aStoredSpec(), brokers)).toBe(null)
  })

  it('allows name servers, brokers and the key server, by their ports, when the channel asks for limits', () => {
    expect(rulesOf({})).toEqual([dns, { ports: tcp(9092, 9093) }, { ports: tcp(443) }])
  })

  it('allows the proxy instead of a key server behind it', () => {
    const auth = { ...smallestSpec.auth, jwks: { uri: 'https://sso.example.com:8443/keys' } }
    const proxy = { httpsProxy: 'http://proxy.example.com:3128' }
    expect(rulesOf({}, { auth })).toContainEqual({ ports: tcp(8443) })
    expect(rulesOf({}, { auth, network: { proxy } })?.at(-1)).toEqual({ ports: tcp(3128) })
    expect(rulesOf({}, { auth, network: { proxy: { ...proxy, noProxy: ['example.com'] } } })?.at(-1)).toEqual({ ports: tcp(8443) })
  })

  it('allows no key server when the keys are in a Secret', () => {
    expect(rulesOf({ keys: { ports: [443] } }, { auth: { ...smallestSpec.auth, jwks: { secretRef: { name: 'keys' } } } })).toEqual([
      dns,
      { ports: tcp(9092, 9093) },
    ])
  })

  it('allows the collector of a channel with tracing, by the more specific of its two addresses', () => {
    const env = [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://collector:4318' }]
    expect(rulesOf({}, { gateway: { env } })?.at(-1)).toEqual({ ports: tcp(4318) })
    expect(
      rulesOf({}, { gateway: { env: [...env, { name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', value: 'https://traces' }] } })?.at(-1),
    ).toEqual({ ports: tcp(443) })
  })

  it('allows the collector that a channel names in a field', () => {
    expect(rulesOf({}, { tracing: { endpoint: 'http://collector:4317' } })?.at(-1)).toEqual({ ports: tcp(4317) })
  })

  it('follows the channel for each purpose, and copies further rules unchanged', () => {
    const to = [{ namespaceSelector: { matchLabels: { name: 'kafka' } }, futureField: 1 }]
    const others = [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }]
    expect(rulesOf({ dns: { ports: [53], to }, kafka: { to }, keys: { ports: [6443] }, traces: { ports: [4317], to }, others })).toEqual([
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
        to,
      },
      { ports: tcp(9092, 9093), to },
      { ports: tcp(6443) },
      { ports: tcp(4317), to },
      ...others,
    ])
  })

  it('is nowhere for a purpose whose list of peers is empty: to Kubernetes that would be everywhere', () => {
    expect(rulesOf({ dns: { to: [] }, kafka: { to: [] }, keys: { to: [] } })).toEqual([])
  })
})
