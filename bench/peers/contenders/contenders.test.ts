import { expect, test } from 'vitest'
import { parseOptions } from '../../../gateway/config/parse-options.ts'
import { dialects } from '../dialects/dialects.ts'
import { carillon } from './carillon.ts'
import type { LaunchOptions } from './contender.ts'
import { contenders } from './contenders.ts'

const options: LaunchOptions = {
  directory: '/tmp/own',
  buildDirectory: '/tmp/built',
  port: 4000,
  key: 'secret',
  issuer: { issuer: 'https://issuer.invalid', audience: 'bench', keysFile: '/tmp/keys.json', publicKeyPem: 'PEM' },
  kafka: null,
}
const kafka = { brokers: ['127.0.0.1:9092'], topic: 'events' }

test('contenders have unique names and a dialect, and Carillon is first', () => {
  expect(new Set(contenders.map(({ name }) => name)).size).toBe(contenders.length)
  expect(contenders.filter(({ dialect }) => !(dialect in dialects))).toEqual([])
  expect(contenders[0]).toBe(carillon)
})

test('Carillon gets valid options for production, and the broker where there is one', () => {
  const readable = () => true
  expect(parseOptions(carillon.launch(options).env, { readable })).toMatchObject({ ok: true, value: { isDevelopment: false, port: 4000 } })
  expect(parseOptions(carillon.launch({ ...options, kafka }).env, { readable })).toMatchObject({
    ok: true,
    value: { kafkaBrokers: kafka.brokers, kafkaTopic: 'events' },
  })
})

test('Centrifugo keeps history only for recovery, and reads the topic where there is one', () => {
  const configOf = (name: string, launchOptions: LaunchOptions): unknown =>
    JSON.parse(contenders.find((one) => one.name === name)?.launch(launchOptions).files['centrifugo.json'] ?? '')
  expect(configOf('centrifugo', options)).toMatchObject({ channel: { without_namespace: {} }, http_api: { key: 'secret' } })
  expect(configOf('centrifugo', options)).not.toHaveProperty('consumers')
  expect(configOf('centrifugo-recovery', { ...options, kafka })).toMatchObject({
    channel: { without_namespace: { force_recovery: true } },
    consumers: [{ kafka: { topics: ['events'], publication_data_mode: { enabled: true } } }],
  })
})
