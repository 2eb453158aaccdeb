import { expect, it } from 'vitest'
import { aStoredSpec } from '../testing/channel-builders.ts'
import { kafkaOfPods } from './kafka-of-pods.ts'
import type { KafkaOfPods } from './kafka-of-pods.ts'

const ours: KafkaOfPods = {
  brokers: ['ours:9093'],
  tls: { ca: { secret: 'our-ca', key: 'ca.crt' }, clientSecret: null },
  sasl: { mechanism: 'plain', secret: 'our-user', usernameKey: 'username', passwordKey: 'password' },
}
const sasl = { mechanism: 'scram-sha-256' as const, secretRef: { name: 'mine' } }

it("is the operator's Kafka cluster when the channel sets nothing", () => {
  expect(kafkaOfPods(aStoredSpec(), ours)).toEqual(ours)
})

it("never takes TLS or credentials of the operator's options to brokers that a channel names", () => {
  expect(kafkaOfPods(aStoredSpec({ kafka: { bootstrapServers: ['theirs:9092'] } }), ours)).toEqual({
    brokers: ['theirs:9092'],
    tls: null,
    sasl: null,
  })
})

it("takes a channel's own credentials to the cluster of the operator's options", () => {
  expect(kafkaOfPods(aStoredSpec({ kafka: { sasl } }), ours)).toEqual({
    ...ours,
    sasl: { mechanism: 'scram-sha-256', secret: 'mine', usernameKey: 'username', passwordKey: 'password' },
  })
})

it('comes from the channel alone when it names brokers', () => {
  const kafka = { bootstrapServers: ['theirs:9093'], tls: { caSecretRef: { name: 'ca' }, clientSecretRef: { name: 'client' } }, sasl }
  expect(kafkaOfPods(aStoredSpec({ kafka }), null)).toEqual({
    brokers: ['theirs:9093'],
    tls: { ca: { secret: 'ca', key: 'ca.crt' }, clientSecret: 'client' },
    sasl: { mechanism: 'scram-sha-256', secret: 'mine', usernameKey: 'username', passwordKey: 'password' },
  })
})

it('is null when neither the channel nor the operator names brokers', () => {
  expect(kafkaOfPods(aStoredSpec({ kafka: { sasl } }), null)).toBeNull()
})
