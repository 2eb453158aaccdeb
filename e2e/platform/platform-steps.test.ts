import { fileURLToPath } from 'node:url'
import { Yaml } from 'cdk8s'
import { describe, expect, it } from 'vitest'
import { checkBySchema } from '../../api/read-schema.ts'
import { classSpecSchema } from '../../api/v1alpha1/realtime-channel-class.ts'
import type { RealtimeChannelClassSpec } from '../../api/v1alpha1/realtime-channel-class.ts'
import type { RealtimeChannelSpec, WrittenChannel } from '../../api/v1alpha1/realtime-channel.ts'
import { boundsOf } from '../../operator/reconcile/class/bounds.ts'
import { resolveChannel } from '../../operator/reconcile/class/resolve-channel.ts'
import { scriptedRun } from '../testing/scripted-run.ts'
import { kafkaObjects } from './manifests.ts'
import { placeOf } from './place.ts'
import { chartValues, findTools } from './platform-steps.ts'
import { renderSummary } from './summary.ts'

/** Bounds that the operator of this cluster applies to a channel. */
function checkedHere(written: WrittenChannel, httpsPort = 8443): ReturnType<typeof resolveChannel> {
  const { class: given } = chartValues({ repository: 'r', tag: 'dev-1' }, [], placeOf({ ...options, httpsPort }, '/r')) as {
    readonly class: RealtimeChannelClassSpec
  }
  return resolveChannel(
    written,
    { name: 'default', defaults: given.defaults ?? {}, bounds: boundsOf(given.allowed ?? {}) },
    {},
    { image: 'r:dev-1', brokers: ['kafka.kafka.svc:9092'] },
  )
}

const options = {
  name: 'carillon',
  httpPort: 8080,
  httpsPort: 8443,
  brokers: 1,
  ipFamily: 'ipv4' as const,
  gatewayApiCrds: '',
  baseImages: { NODE_IMAGE: '', DEBIAN_IMAGE: '' },
  metrics: false,
  sample: true,
}

describe('the place', () => {
  it('has an origin as browsers write it: without a default port', () => {
    expect(placeOf({ ...options, httpsPort: 443 }, '/r').origin).toBe('https://carillon.localhost')
    expect(placeOf(options, '/r').origin).toBe('https://carillon.localhost:8443')
  })

  it('keeps clusters apart', () => {
    expect(placeOf(options, '/r').folder).not.toBe(placeOf({ ...options, name: 'other' }, '/r').folder)
  })
})

describe('the tools', () => {
  it('are all checked at once, and a missing one is reported with its download page', async () => {
    const { run } = scriptedRun({ kind: { code: 127 }, 'docker version': { code: 1, stderr: 'Cannot connect to the Docker daemon\n' } })
    await expect(findTools({ run }).run(() => {})).rejects.toMatchObject({
      why: ['docker: Cannot connect to the Docker daemon', 'kind: no such command'],
      todo: 'see https://docs.docker.com/engine/install/, https://kind.sigs.k8s.io/',
    })
    expect(await findTools(scriptedRun()).run(() => {})).toBe('there')
  })
})

describe('the chart', () => {
  const { bootstrapServers } = kafkaObjects('kafka', { brokers: 1 })
  const values = chartValues({ repository: 'r', tag: 'dev-1' }, bootstrapServers, placeOf(options, '/r'))

  it('gets the image that was built, and the address of Kafka', () => {
    expect(values).toMatchObject({
      image: { repository: 'r', tag: 'dev-1' },
      kafka: { brokers: ['kafka.kafka.svc:9092'] },
      gateway: { ingressNamespaces: ['traefik'] },
    })
  })

  it('gets a class that the API server accepts, with the login of this place', () => {
    const { class: given } = values as { readonly class: RealtimeChannelClassSpec }
    expect(checkBySchema(classSpecSchema, given, 'spec')).toEqual([])
    expect(given).toMatchObject({
      defaults: { auth: { allowedOrigins: ['https://carillon.localhost:8443'] } },
      allowed: { hosts: ['carillon.localhost', '*.carillon.localhost'], images: ['r:*'] },
    })
  })

  it('gets a class that lets pages of this place connect to the sample, on any port', () => {
    const channel = checkedHere(Yaml.load(fileURLToPath(new URL('../sample/channel.yaml', import.meta.url)))[0] as WrittenChannel, 443) // our own file
    expect(channel).toMatchObject({
      ok: true,
      value: {
        spec: {
          auth: { issuer: 'https://login.carillon.localhost', allowedOrigins: ['https://carillon.localhost'] },
          gateway: { env: [{ name: 'CONSOLE' }] },
        },
      },
    })
  })

  it('gets a class that allows what the suites need, and no topic of another namespace', () => {
    const asked = (spec: RealtimeChannelSpec): boolean =>
      checkedHere({ apiVersion: 'carillon.dev/v1alpha1', kind: 'RealtimeChannel', metadata: { name: 'shop', namespace: 'e2e-red' }, spec })
        .ok
    expect(
      asked({
        kafka: { bootstrapServers: kafkaObjects('e2e-red', { brokers: 3 }).bootstrapServers },
        topic: { partitions: 3, deletionPolicy: 'Delete' },
      }),
    ).toBe(true)
    expect(
      asked({
        route: { host: 'shop.carillon.localhost', tls: {}, paths: { socket: '/red/wss', api: '/red/api' } },
        gateway: { image: 'r:dev-1-next' },
      }),
    ).toBe(true)
    expect(asked({ network: { ingressFrom: [{ podSelector: {} }], metricsFrom: [{ podSelector: {} }], egress: {} } })).toBe(true)
    expect(asked({ topic: { name: 'e2e-blue.shop' } })).toBe(false)
  })
})

describe('Kafka', () => {
  it('runs in a namespace of the restricted level, with volumes where the options ask for them', () => {
    const kinds = (objects: readonly { readonly kind: string }[]): readonly string[] => objects.map(({ kind }) => kind)
    expect(kinds(kafkaObjects('kafka', { brokers: 3 }).objects)).toEqual(['Namespace', 'Service', 'Service', 'StatefulSet'])
    expect(JSON.stringify(kafkaObjects('kafka', { brokers: 3, storage: '1Gi' }).objects)).toContain('volumeClaimTemplates')
    expect(JSON.stringify(kafkaObjects('kafka', { brokers: 3 }).objects)).not.toContain('volumeClaimTemplates')
  })
})

describe('the summary', () => {
  it('names all addresses, and commands to try, ready to paste', () => {
    const text = renderSummary({ place: placeOf(options, '/r'), options, root: '/r' }, 83.4)
    expect(text).toContain('is up, after 83 s')
    expect(text).toContain('wss://carillon.localhost:8443/wss/chrome-service/v1/ws')
    expect(text).toContain('export KUBECONFIG=$PWD/.infra/kind-carillon/kubeconfig')
    expect(text).toContain('make reload brings')
  })

  it('names the cluster when it is not the default one', () => {
    const other = { ...options, name: 'mine', sample: false }
    const text = renderSummary({ place: placeOf(other, '/r'), options: other, root: '/r' }, 1)
    expect(text).toContain('make down ARGS="--name mine"')
    expect(text).toContain('ARGS="--user ada --scope carillon.emit --name mine"')
    expect(text).not.toContain('wss://')
  })
})
