import { expect, test } from 'vitest'
import type { Environment } from '../../program/options/read-options.ts'
import { parseOperatorOptions } from './parse-options.ts'
import { operatorWarnings } from './warnings.ts'

function warnings(env: Environment, argv: readonly string[] = []): readonly string[] {
  const parsed = parseOperatorOptions({ GATEWAY_IMAGE: 'carillon:1', ...env }, argv, { readable: () => true })
  return parsed.ok && parsed.value.kind === 'run'
    ? operatorWarnings(parsed.value.env, parsed.value.config, parsed.value.mode)
    : ['the options are wrong']
}

const sasl = {
  KAFKA_BROKERS: 'kafka:9092',
  KAFKA_TLS: 'true',
  KAFKA_SASL_MECHANISM: 'plain',
  KAFKA_SASL_USERNAME: 'u',
  KAFKA_SASL_PASSWORD: 'p',
  CHANNEL_KAFKA_SASL_MECHANISM: 'plain',
  CHANNEL_KAFKA_SASL_SECRET: 's',
}

test.each([
  ['GATEWAY_IMAGES', 'GATEWAY_IMAGE'],
  ['NAMESPACE', 'NAMESPACES'],
  ['KAFKA_BROKER', 'KAFKA_BROKERS'],
  ['LEADERELECTION', 'LEADER_ELECTION'],
  ['RESYNC', 'RESYNC_MS'],
  ['LEASE_DURATION_SECONDS', 'LEASE_DURATION_MS'],
])('a warning names the nearest option of the misspelt variable %s', (given, meant) => {
  expect(warnings({ [given]: 'x' })).toEqual([`${given} is not an option and is ignored. Did you mean ${meant}?`])
})

test.each(['KAFKA_BOOTSTRAP_SERVERS', 'CHANNEL_KAFKA_USER', 'TOPIC_RETENTION'])(
  'the variable %s, which begins as options do and is none, is warned of',
  (name) => {
    expect(warnings({ [name]: 'x' })).toEqual([`${name} is not an option and is ignored. --help lists all options.`])
  },
)

test('there is no warning of variables that machines and platforms set', () => {
  const usual = [
    'PATH',
    'HOME',
    'USER',
    'SHELL',
    'TERM',
    'LANG',
    'PWD',
    'HOSTNAME',
    'NODE_OPTIONS',
    'NODE_NAME',
    'NODE_ENV',
    'CI',
    'TZ',
    'KUBERNETES_PORT',
    'KUBERNETES_SERVICE_HOST',
    'KAFKA_PORT',
    'KAFKA_SERVICE_HOST',
    'KAFKA_PORT_9092_TCP_ADDR',
    'KAFKA_OPTS',
    'TOPIC_SERVICE_PORT',
    'OTEL_SERVICE_NAME',
    'KUBEBUILDER_ASSETS',
  ]
  expect(warnings(Object.fromEntries(usual.map((name) => [name, 'x'])))).toEqual([])
})

test.each([
  [{ ...sasl, KAFKA_TLS: 'false' }, /in the clear/],
  [{ ...sasl, KAFKA_BROKERS: '' }, /no effect without KAFKA_BROKERS/],
  [{ ...sasl, CHANNEL_KAFKA_SASL_MECHANISM: 'none', CHANNEL_KAFKA_SASL_SECRET: '' }, /gateways do not/],
  [{ TOPIC_PATTERN: 'NAMESPACE-*' }, /topics of another/],
  [{ TOPIC_PATTERN: '*' }, /channels of every namespace may use every topic that it matches/],
  [{ LEADER_ELECTION: 'false' }, /two operators/],
])('%j causes a warning', (env, sentence) => {
  expect(warnings(env)).toEqual([expect.stringMatching(sentence)])
})

test.each([
  [sasl, []],
  [{ TOPIC_PATTERN: 'NAMESPACE.*' }, []],
  [{ TOPIC_PATTERN: '*', NAMESPACES: 'shop' }, []],
  [{ TOPIC_PATTERN: 'payments' }, []],
  [{ LEADER_ELECTION: 'false' }, ['--once']],
  [{ LEADER_ELECTION: 'false' }, ['--dry-run']],
])('%j with %j causes no warning', (env, argv) => {
  expect(warnings(env, argv)).toEqual([])
})
