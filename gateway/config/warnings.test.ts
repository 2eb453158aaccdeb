import { describe, expect, test } from 'vitest'
import type { Environment } from '../../program/options/read-options.ts'
import { parseOptions } from './parse-options.ts'
import { configWarnings } from './warnings.ts'

function warnings(env: Environment, maxOpenFiles: number | null = null): readonly string[] {
  const parsed = parseOptions(env, { readable: () => true })
  return parsed.ok ? configWarnings(env, parsed.value, { maxOpenFiles }) : ['the options are wrong']
}

describe('a warning names the nearest option of a misspelt variable', () => {
  test.each([
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['KAFKA_BROKRES', 'KAFKA_BROKERS'],
    ['kafka_topic', 'KAFKA_TOPIC'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['JWT_JWKS_URL', 'JWT_JWKS_URI'],
    ['ALLOWED_ORIGIN', 'ALLOWED_ORIGINS'],
    ['PROT', 'PORT'],
    ['HSOT', 'HOST'],
    ['CHANEL', 'CHANNEL'],
    ['DRAIN', 'DRAIN_MS'],
    ['REPLAY_WINDOW', 'REPLAY_WINDOW_MS'],
    ['EMIT_RATE', 'EMIT_RATE_PER_S'],
  ])('%s', (given, meant) => {
    expect(warnings({ [given]: 'x' })).toEqual([`${given} is not an option and is ignored. Did you mean ${meant}?`])
  })
})

test.each(['KAFKA_BOOTSTRAP_SERVERS', 'JWT_SECRET', 'ALLOWED_HOSTS', 'EMIT_SCOPE_NAMES', 'JWKS_URL'])(
  '%s, which begins as options do and is none, is warned of',
  (name) => {
    expect(warnings({ [name]: 'x' })).toEqual([expect.stringMatching(new RegExp(`^${name} is not an option and is ignored\\.`))])
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
    'NODE_PATH',
    'NODE_NAME',
    'CI',
    'TZ',
    'KUBERNETES_PORT',
    'KUBERNETES_SERVICE_HOST',
    'KAFKA_PORT',
    'KAFKA_SERVICE_PORT',
    'OTEL_SERVICE_NAME',
    'npm_config_cache',
    'CONSOLE_PORT',
    'HOSTS',
    'LOGNAME',
    'PORTS',
    'POST',
    'KAFKA_HOME',
    'KAFKA_OPTS',
    'KAFKA_HEAP_OPTS',
    'KAFKA_SERVICE_HOST',
    'KAFKA_PORT_9092_TCP_ADDR',
    'KAFKA_JMX_OPTS',
    'TRANSPORT',
  ]
  expect(warnings(Object.fromEntries(usual.map((name) => [name, 'x'])))).toEqual([])
})

test('there is no warning of an empty variable', () => {
  expect(warnings({ KAFKA_BROKER: '' })).toEqual([])
})

test('there is a warning when MAX_CONNECTIONS needs more open files than the limit, and none when the limit is enough', () => {
  const env = { MAX_CONNECTIONS: '1000' }
  expect(warnings(env, 1_767)).toEqual([expect.stringMatching(/1767 files open, and MAX_CONNECTIONS=1000 needs 1768\..*ulimit -n/)])
  expect([warnings(env, 1_768), warnings(env, null)]).toEqual([[], []])
})

test.each([
  [{ HOST: '0.0.0.0' }, /HOST is ignored/],
  [{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }, /in the clear/],
  [{ KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_TOKEN_FILE: '/token' }, /token in the clear/],
  [{ DANGEROUSLY_ALLOW_ANY_ORIGIN: '1' }, /any site/],
  [{ EMIT_TRUST_X_RH_IDENTITY: 'true' }, /without the proxy/],
])('%j causes a warning', (env, sentence) => {
  expect(warnings(env)).toEqual([expect.stringMatching(sentence)])
})
