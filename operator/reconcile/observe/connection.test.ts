import { describe, expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { findConnection } from './connection.ts'
import type { KafkaConnection } from '../topic/topic-admin.ts'

const own: KafkaConnection = {
  brokers: ['kafka-1:9092', 'kafka-2:9092'],
  tls: null,
  sasl: { mechanism: 'plain', username: 'admin', password: 'of the operator' },
}

function channel(kafka: object): RealtimeChannel {
  return { metadata: { namespace: 'team', name: 'news' }, spec: { kafka } } as unknown as RealtimeChannel // Other fields are not read.
}

const sasl = { mechanism: 'scram-sha-512', secretRef: { name: 'login', usernameKey: 'username', passwordKey: 'password' } }

/** An API server with Secrets of the namespace `team`. It records the reads. */
function apiWith(
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
  error?: ApiError,
): Pick<KubernetesApi, 'get'> & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async get(_type, ref) {
      asked.push(`${ref.namespace}/${ref.name}`)
      const values = secrets[ref.name]
      if (error !== undefined) return failed(error)
      if (values === undefined) return failed({ kind: 'not-found', message: 'not found', code: 404 })
      const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
      const object: KubernetesObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: ref.name }, data }
      return ok(object)
    },
  }
}

describe('the connection to the Kafka of a channel', () => {
  it("is the operator's own when the channel names no cluster, or the cluster of the options", async () => {
    const api = apiWith({})
    expect(await findConnection(channel({}), { api, ownConnection: () => own }, 'channel')).toEqual(ok(own))
    expect(
      await findConnection(
        channel({ bootstrapServers: ['kafka-2:9092', 'kafka-1:9092'], sasl }),
        { api, ownConnection: () => own },
        'channel',
      ),
    ).toEqual(ok(own))
    expect(api.asked).toEqual([])
  })

  it("never carries the operator's password to a server that a channel names", async () => {
    const found = await findConnection(
      channel({ bootstrapServers: ['evil.example:9092', 'kafka-1:9092'] }),
      { api: apiWith({}), ownConnection: () => own },
      'channel',
    )
    expect(found).toEqual(ok({ brokers: ['evil.example:9092', 'kafka-1:9092'], tls: null, sasl: null, isOfChannel: true }))
  })

  it('reads the Secrets that the channel names, in its own namespace, each once', async () => {
    const api = apiWith({ login: { username: 'ada', password: 'secret\n' }, ca: { 'ca.crt': 'PEM' } })
    const kafka = { bootstrapServers: ['other:9093'], sasl, tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } } }
    const expected: KafkaConnection = {
      brokers: ['other:9093'],
      tls: { ca: 'PEM', certificate: null, key: null },
      sasl: { mechanism: 'scram-sha-512', username: 'ada', password: 'secret' },
      isOfChannel: true,
    }
    expect(await findConnection(channel(kafka), { api, ownConnection: () => own }, 'channel')).toEqual(ok(expected))
    expect(api.asked.toSorted()).toEqual(['team/ca', 'team/login'])
  })

  it('to brokers of the class belongs to the platform team, without the narrow limits of brokers that a channel names', async () => {
    const found = await findConnection(
      channel({ bootstrapServers: ['kafka.platform:9092'] }),
      { api: apiWith({}), ownConnection: () => own },
      'class',
    )
    expect(found).toEqual(ok({ brokers: ['kafka.platform:9092'], tls: null, sasl: null }))
  })

  it('fails with the reason: no brokers, no Secret, no key in it, an empty key, no permission, no response', async () => {
    const kafka = { bootstrapServers: ['other:9093'], sasl }
    const at = (api: Pick<KubernetesApi, 'get'>, asked: object = kafka) =>
      findConnection(channel(asked), { api, ownConnection: () => null }, 'channel')
    const forbidden: ApiError = { kind: 'forbidden', message: 'no', code: 403 }
    const unavailable: ApiError = { kind: 'unavailable', message: 'no answer', code: 0 }
    expect(await at(apiWith({}), {})).toEqual(failed({ kind: 'no-brokers' }))
    expect(await at(apiWith({}))).toEqual(failed({ kind: 'secret-not-found', secret: 'login' }))
    expect(await at(apiWith({ login: { username: 'ada' } }))).toEqual(
      failed({ kind: 'secret-key-missing', secret: 'login', key: 'password' }),
    )
    expect(await at(apiWith({ login: { username: '', password: 'secret' } }))).toEqual(
      failed({ kind: 'secret-key-empty', secret: 'login', key: 'username' }),
    )
    expect(await at(apiWith({ login: { username: 'ada', password: '\r\n' } }))).toEqual(
      failed({ kind: 'secret-key-empty', secret: 'login', key: 'password' }),
    )
    expect(
      await at(apiWith({ ca: { 'ca.crt': '' } }), {
        bootstrapServers: ['other:9093'],
        tls: { caSecretRef: { name: 'ca', key: 'ca.crt' } },
      }),
    ).toEqual(failed({ kind: 'secret-key-empty', secret: 'ca', key: 'ca.crt' }))
    expect(await at(apiWith({}, forbidden))).toEqual(failed({ kind: 'secret-forbidden', secret: 'login' }))
    expect(await at(apiWith({}, unavailable))).toEqual(failed({ kind: 'unavailable', error: unavailable }))
  })
})
