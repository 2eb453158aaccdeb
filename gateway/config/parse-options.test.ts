import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatewayOptions } from './bind-options.ts'
import { options, type Config, type Option } from './options.ts'
import { describeExpected, readOption } from '../../program/options/read-option.ts'
import { renderDuration } from '../../program/durations.ts'
import type { Environment } from '../../program/options/read-options.ts'
import { parseOptions } from './parse-options.ts'
import { acceptRulesOf, frameRatesOf, maxFrameBytesOf, takesSends, upstreamTopicOf } from './upstream.ts'

const everything = { readable: () => true }
const nothing = { readable: () => false }

const production: Environment = {
  NODE_ENV: 'production',
  JWT_KEYS_FILE: '/etc/keys.pem',
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'carillon',
  KAFKA_BROKERS: 'kafka-0:9092,kafka-1:9092',
  ALLOWED_ORIGINS: 'https://app.example',
}

function parsed(env: Environment): Config {
  const result = parseOptions(env, everything)
  if (!result.ok) throw new Error(gatewayOptions.renderErrors(result.error))
  return result.value
}

function wrongVariables(env: Environment, reader = everything): readonly string[] {
  const result = parseOptions(env, reader)
  return result.ok ? [] : result.error.map((error) => error.variable)
}

function complaint(env: Environment, reader = everything): string {
  const result = parseOptions(env, reader)
  return result.ok ? '' : gatewayOptions.renderErrors(result.error)
}

describe('the option table of the gateway', () => {
  test('has each variable once', () => {
    const names = gatewayOptions.names.map((name) => options[name].env)
    expect(names.length).toBeGreaterThan(60)
    expect(new Set(names).size).toBe(names.length)
  })

  test.each(gatewayOptions.names)('%s has a default that is valid as a given value', (name) => {
    const option: Option = options[name]
    const text = typeof option.default === 'object' ? option.default.join(',') : String(option.default)
    const { [name]: value } = parsed(text === '' || name === 'host' || name === 'internalHost' ? {} : { [option.env]: text })
    expect(value).toEqual(name === 'host' || name === 'internalHost' ? '127.0.0.1' : option.default)
  })
})

describe('an option that counts milliseconds', () => {
  test.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['2500ms', 2_500],
    [' 90s ', 90_000],
    ['1s', 1_000],
    ['24h', 86_400_000],
    ['300000', 300_000],
  ])('takes %j, as a duration or a plain number', (text, ms) => {
    expect(parsed({ REPLAY_WINDOW_MS: text }).replayWindowMs).toBe(ms)
  })

  test('takes a duration of each length within its bounds', () => {
    const counting = gatewayOptions.names.map((name) => options[name]).filter((option) => option.env.endsWith('_MS'))
    expect(counting.length).toBeGreaterThan(15)
    for (const option of counting) {
      if (option.kind !== 'integer') throw new Error(`${option.env} counts milliseconds and is not a number`)
      const read = (ms: number): unknown => readOption(option, renderDuration(ms), everything)
      expect([read(option.min), read(option.max)]).toEqual([
        { ok: true, value: option.min },
        { ok: true, value: option.max },
      ])
      expect(read(option.max + 1)).toMatchObject({ ok: false })
    }
  })
})

describe('a value in another unit', () => {
  test.each([
    ['REPLAY_WINDOW_MS', '25h', 'a whole number of milliseconds from 1000 to 86400000, or a duration such as 5m'],
    ['REPLAY_WINDOW_MS', '999ms', 'a whole number of milliseconds from 1000 to 86400000, or a duration such as 5m'],
    ['REPLAY_WINDOW_MS', '90 s', 'a whole number of milliseconds from 1000 to 86400000, or a duration such as 1m30s'],
    ['REPLAY_WINDOW_MS', '2H', 'a whole number of milliseconds from 1000 to 86400000, or a duration such as 2h'],
    ['REPLAY_WINDOW_MS', '90d', 'a whole number of milliseconds from 1000 to 86400000, or a duration such as 5m'],
    ['REPLAY_WINDOW_MS', 'long', 'a whole number of milliseconds from 1000 to 86400000, or a duration such as 5m'],
    ['REPLAY_MAX_BYTES', '64Mi', 'a whole number of bytes from 65536 to 8589934592, for example 67108864'],
    ['DRAIN_DELAY_MS', 'long', 'a whole number of milliseconds from 0 to 120000, or a duration such as 2m'],
    ['PORT', '8k', 'a whole number from 0 to 65535'],
    ['PORT', '5m', 'a whole number from 0 to 65535'],
  ])('%s=%s is refused with the number that was meant', (variable, text, expected) => {
    expect(parseOptions({ [variable]: text }, everything)).toEqual({ ok: false, error: [{ variable, given: text, expected }] })
  })
})

test('an error describes a valid text in words, and shows no regular expression', () => {
  expect(complaint({ CHANNEL: 'Bad Name' })).toContain(
    'CHANNEL: "Bad Name" is not valid; expected lower-case letters, digits and hyphens, 63 at most, no hyphen first or last',
  )
  const all: readonly Option[] = gatewayOptions.names.map((name) => options[name])
  expect(
    all.filter((option) => 'pattern' in option && option.pattern !== undefined && describeExpected(option).includes(option.pattern)),
  ).toEqual([])
})

describe('request headers that pages may send', () => {
  test('are names, in any case', () => {
    expect(parsed({ CORS_REQUEST_HEADERS: 'X-Tenant, x-b3-extra,_odd!' }).corsRequestHeaders).toEqual(['X-Tenant', 'x-b3-extra', '_odd!'])
  })

  test.each([
    '*',
    'x tenant',
    'x-tenant:',
    'x-ťenant',
    'x'.repeat(129),
    'cookie',
    'Cookie',
    'host',
    'Origin',
    'sec-fetch-site',
    'Proxy-Authorization',
    'content-length',
    'TE',
    'x-rh-identity',
    'X-RH-Identity',
    'x-forwarded-for',
    'forwarded',
    'x-real-ip',
  ])('are not %j, which no page can send, or only a proxy may send', (name) => {
    expect(complaint({ CORS_REQUEST_HEADERS: `x-good,${name}` })).toContain("names of headers that a page's script can set")
  })
})

test('types of tokens are tokens of HTTP, with or without application/ before them', () => {
  expect(parsed({ JWT_TYPES: 'at+jwt, application/jwt' }).jwtTypes).toEqual(['at+jwt', 'application/jwt'])
  expect(wrongVariables({ JWT_TYPES: 'at jwt' })).toEqual(['JWT_TYPES'])
  expect(wrongVariables({ JWT_TYPES: 'text/jwt' })).toEqual(['JWT_TYPES'])
})

describe('development mode', () => {
  test('is on when nothing is configured, with all defaults', () => {
    const config = parsed({})
    expect(config).toMatchObject({
      isDevelopment: true,
      channel: 'chrome-service',
      port: 8000,
      kafkaBrokers: [],
      kafkaTopic: 'platform.chrome',
      jwtCookie: 'cs_jwt',
    })
  })

  test('listens on 127.0.0.1, and ignores HOST and INTERNAL_HOST', () => {
    expect(parsed({ HOST: '0.0.0.0', INTERNAL_HOST: '10.0.0.1' })).toMatchObject({ host: '127.0.0.1', internalHost: '127.0.0.1' })
  })

  test('is on with NODE_ENV=test and with brokers', () => {
    expect(parsed({ NODE_ENV: 'test', KAFKA_BROKERS: 'localhost:9092' })).toMatchObject({
      isDevelopment: true,
      kafkaBrokers: ['localhost:9092'],
    })
  })

  test.each([
    ['JWT_JWKS_URI', 'https://issuer.example/jwks'],
    ['JWT_KEYS_FILE', '/etc/keys.pem'],
  ])('is off as soon as %s is set, and then issuer, audience, brokers and origins are required', (variable, value) => {
    expect(wrongVariables({ [variable]: value })).toEqual(['JWT_ISSUER', 'JWT_AUDIENCE', 'KAFKA_BROKERS', 'ALLOWED_ORIGINS'])
  })

  test('is not used when the configured keys cannot be read', () => {
    expect(wrongVariables({ JWT_KEYS_FILE: '/missing' }, nothing)).toEqual([
      'JWT_KEYS_FILE',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
      'KAFKA_BROKERS',
      'ALLOWED_ORIGINS',
    ])
  })
})

describe('production', () => {
  test('is refused with the name of each option that is missing', () => {
    expect(wrongVariables({ NODE_ENV: 'production' })).toEqual([
      'JWT_JWKS_URI',
      'JWT_ISSUER',
      'JWT_AUDIENCE',
      'KAFKA_BROKERS',
      'ALLOWED_ORIGINS',
    ])
    expect(complaint({ NODE_ENV: 'production' })).toContain('JWT_KEYS_FILE')
  })

  test('starts when all required options are given, and listens on HOST and INTERNAL_HOST', () => {
    expect(parsed({ ...production, HOST: '10.0.0.1' })).toMatchObject({
      isDevelopment: false,
      host: '10.0.0.1',
      internalHost: '',
      kafkaBrokers: ['kafka-0:9092', 'kafka-1:9092'],
    })
  })

  test('accepts DANGEROUSLY_ALLOW_ANY_ORIGIN in place of origins', () => {
    expect(parsed({ ...production, ALLOWED_ORIGINS: '', DANGEROUSLY_ALLOW_ANY_ORIGIN: 'true' }).dangerouslyAllowAnyOrigin).toBe(true)
  })

  test.each(['JWKS_CA_FILE', 'JWKS_PROXY'])('refuses %s without JWT_JWKS_URI', (variable) => {
    const value = variable === 'JWKS_PROXY' ? 'http://proxy.example:3128' : '/etc/ca.crt'
    expect(wrongVariables({ ...production, [variable]: value })).toEqual([variable])
    expect(wrongVariables({ ...production, JWT_KEYS_FILE: '', JWT_JWKS_URI: 'https://issuer.example/jwks', [variable]: value })).toEqual([])
    expect(complaint({ ...production, [variable]: value })).toContain('JWT_JWKS_URI is not set')
  })

  test('accepts one source of keys, not two', () => {
    expect(wrongVariables({ ...production, JWT_JWKS_URI: 'https://issuer.example/jwks' })).toEqual(['JWT_KEYS_FILE'])
  })
})

describe('a value', () => {
  test('that is empty counts as unset', () => {
    expect(parsed({ PORT: '', JWT_ALGORITHMS: '', CHANNEL: '' })).toMatchObject({
      port: 8000,
      jwtAlgorithms: options.jwtAlgorithms.default,
      channel: 'chrome-service',
    })
  })

  test.each([
    ['PORT', '8o00'],
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '1.5'],
    ['PORT', '1e3'],
    ['PORT', '0x10'],
    ['PORT', ' '],
    ['PORT', '9'.repeat(400)],
    ['KAFKA_DLQ', 'yes'],
    ['KAFKA_DLQ', 'TRUE'],
    ['NODE_ENV', 'prod'],
    ['LOG_LEVEL', 'Info'],
    ['CHANNEL', 'Chrome'],
    ['CHANNEL', '-a'],
    ['CHANNEL', 'a'.repeat(64)],
    ['KAFKA_TOPIC', 'a b'],
    ['KAFKA_TOPIC', 'a\nb'],
    ['JWT_CLAIM_USER_ID', 'x'.repeat(129)],
    ['JWT_CLAIM_USER_ID', 'id '],
    ['KAFKA_BROKERS', 'kafka'],
    ['KAFKA_BROKERS', 'kafka:0'],
    ['KAFKA_BROKERS', 'kafka:65536'],
    ['KAFKA_BROKERS', 'http://kafka:9092'],
    ['KAFKA_BROKERS', ','],
    ['KAFKA_BROKERS', '::1:9092'],
    ['KAFKA_BROKERS', '[::1]'],
    ['KAFKA_BROKERS', '[kafka]:9092'],
    ['KAFKA_BROKERS', '[1::2::3]:9092'],
    ['KAFKA_BROKERS', '[::1:9092'],
    ['KAFKA_BROKERS', Array.from({ length: 33 }, (_, i) => `kafka-${i}:9092`).join(',')],
    ['ALLOWED_ORIGINS', 'app.example'],
    ['ALLOWED_ORIGINS', 'https://app.example/'],
    ['ALLOWED_ORIGINS', 'https://App.example'],
    ['ALLOWED_ORIGINS', 'https://app.example:443'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'null'],
    ['ALLOWED_ORIGINS', 'file:///x'],
    ['JWT_ALGORITHMS', 'RS256,HS256'],
    ['JWT_ALGORITHMS', 'none'],
  ])('%s=%j is refused with the variable, the value and the expected values', (variable, value) => {
    const result = parseOptions({ [variable]: value }, everything)
    expect(result).toMatchObject({ ok: false, error: [{ variable, given: value }] })
    expect(complaint({ [variable]: value })).toMatch(new RegExp(`${variable}: .+; expected .{4,}`, 's'))
  })

  test.each(['ftp://issuer.example', 'issuer.example', 'https://'])('JWT_JWKS_URI=%s is refused', (uri) => {
    expect(wrongVariables({ ...production, JWT_KEYS_FILE: '', JWT_JWKS_URI: uri })).toEqual(['JWT_JWKS_URI'])
  })

  test('at its lowest or highest bound is accepted', () => {
    expect(parsed({ PORT: '65535', INTERNAL_PORT: '0', KAFKA_TOPIC_PARTITIONS: '1' })).toMatchObject({
      port: 65_535,
      internalPort: 0,
      kafkaTopicPartitions: 1,
    })
  })

  test('of brokers that is an IPv6 address without brackets is refused with the remedy', () => {
    expect(complaint({ KAFKA_BROKERS: '::1:9092' })).toContain('an IPv6 address in brackets: [::1]:9092')
  })

  test('of a list may have blanks around its items', () => {
    expect(parsed({ KAFKA_BROKERS: ' a:1 , [::1]:9092,' }).kafkaBrokers).toEqual(['a:1', '[::1]:9092'])
  })

  test.each(['orders', '/orders/', '/', '/a//b', '/../a', '/a/.', '/a b', '/a?b', '/%2e', '/:a', '/*', '/\u00e4', `/${'a'.repeat(200)}`])(
    'of a path prefix is not %s',
    (prefix) => {
      expect(wrongVariables({ SOCKET_PATH_PREFIX: prefix, API_PATH_PREFIX: prefix })).toEqual(['SOCKET_PATH_PREFIX', 'API_PATH_PREFIX'])
    },
  )

  test('of a file must be a path that can be read', () => {
    expect(wrongVariables({ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/missing' }, nothing)).toEqual(['KAFKA_TLS_CA_FILE'])
  })

  test('that is long is shortened in the error', () => {
    expect(complaint({ PORT: '9'.repeat(10_000) }).length).toBeLessThan(300)
  })

  test.each([
    ['KAFKA_SASL_PASSWORD', 'hunter2'.repeat(200)],
    ['JWT_JWKS_URI', 'https://user:hunter2@issuer.example'],
  ])('of %s that may hold a secret is never shown', (variable, value) => {
    const text = complaint({ [variable]: value })
    expect(text).toContain(variable)
    expect(text).not.toContain('hunter2')
  })
})

describe('options that belong together', () => {
  const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'carillon', KAFKA_SASL_PASSWORD: 'hunter2' }
  const tls = { KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/ca', KAFKA_TLS_CERT_FILE: '/cert', KAFKA_TLS_KEY_FILE: '/key' }

  test.each([
    ['a mechanism without a user name', { ...sasl, KAFKA_SASL_USERNAME: '' }, 'KAFKA_SASL_USERNAME'],
    ['a mechanism without a password', { ...sasl, KAFKA_SASL_PASSWORD: '' }, 'KAFKA_SASL_PASSWORD'],
    ['a password without a mechanism', { ...sasl, KAFKA_SASL_MECHANISM: 'none' }, 'KAFKA_SASL_MECHANISM'],
    ['a user name without a mechanism', { KAFKA_SASL_USERNAME_FILE: '/user' }, 'KAFKA_SASL_MECHANISM'],
    ['a user name and a file with one', { ...sasl, KAFKA_SASL_USERNAME_FILE: '/user' }, 'KAFKA_SASL_USERNAME'],
    ['a password and a password file', { ...sasl, KAFKA_SASL_PASSWORD_FILE: '/password' }, 'KAFKA_SASL_PASSWORD'],
    ['oauthbearer without a token', { KAFKA_SASL_MECHANISM: 'oauthbearer' }, 'KAFKA_SASL_TOKEN_FILE'],
    [
      'oauthbearer with a password',
      { ...sasl, KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_TOKEN_FILE: '/token' },
      'KAFKA_SASL_MECHANISM',
    ],
    ['a token without oauthbearer', { ...sasl, KAFKA_SASL_TOKEN_FILE: '/token' }, 'KAFKA_SASL_MECHANISM'],
    ['a client certificate without its key', { ...tls, KAFKA_TLS_KEY_FILE: '' }, 'KAFKA_TLS_KEY_FILE'],
    ['a key without its certificate', { ...tls, KAFKA_TLS_CERT_FILE: '' }, 'KAFKA_TLS_KEY_FILE'],
    ['certificates without TLS', { ...tls, KAFKA_TLS: 'false' }, 'KAFKA_TLS'],
    ['a body limit below the event limit', { EMIT_MAX_BODY_BYTES: '2048', MAX_EVENT_BYTES: '2049' }, 'EMIT_MAX_BODY_BYTES'],
    ['a replay log below the event limit', { REPLAY_MAX_BYTES: '65536' }, 'REPLAY_MAX_BYTES'],
    ['an emit burst below the rate', { EMIT_RATE_PER_S: '3000' }, 'EMIT_BURST'],
    ['an emit burst below a batch', { EMIT_MAX_BATCH: '2001' }, 'EMIT_BURST'],
    ['fewer events in flight than a batch has', { EMIT_MAX_IN_FLIGHT: '99' }, 'EMIT_MAX_IN_FLIGHT'],
    ['an upgrade burst below the rate', { UPGRADE_BURST: '10' }, 'UPGRADE_BURST'],
    ['a frame burst below the rate', { INBOUND_FRAMES_BURST: '9' }, 'INBOUND_FRAMES_BURST'],
    ['a dead letter topic that is the topic', { KAFKA_DLQ_TOPIC: 'platform.chrome' }, 'KAFKA_DLQ_TOPIC'],
    ['one prefix for sockets and API', { SOCKET_PATH_PREFIX: '/a', API_PATH_PREFIX: '/a' }, 'API_PATH_PREFIX'],
    ["a prefix of the API that is the sockets' own", { CHANNEL: 'orders', API_PATH_PREFIX: '/wss/orders' }, 'API_PATH_PREFIX'],
    ['one port for both', { PORT: '9000' }, 'INTERNAL_PORT'],
  ])('%s is refused', (_, env, variable) => {
    expect(wrongVariables(env)).toEqual([variable])
    expect(complaint(env)).not.toContain('hunter2')
  })

  test.each([
    ['SASL with a password', sasl],
    ['SASL with a password file', { ...sasl, KAFKA_SASL_PASSWORD: '', KAFKA_SASL_PASSWORD_FILE: '/password' }],
    [
      'SASL with files for both',
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME_FILE: '/user', KAFKA_SASL_PASSWORD_FILE: '/password' },
    ],
    ['SASL with a token file', { KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_TOKEN_FILE: '/token' }],
    ['mutual TLS', tls],
    ['prefixes of paths', { SOCKET_PATH_PREFIX: '/team-a/wss/orders', API_PATH_PREFIX: '/team-a/api/orders_v2.1~x' }],
    ['two free ports', { PORT: '0', INTERNAL_PORT: '0' }],
    ['equal bounds', { EMIT_MAX_BODY_BYTES: '2048', MAX_EVENT_BYTES: '2048', EMIT_RATE_PER_S: '2000' }],
  ])('%s is accepted', (_, env) => {
    expect(wrongVariables(env)).toEqual([])
  })
})

test('all errors are reported at once, and a wrong value is not reported again as missing', () => {
  const env = { ...production, JWT_AUDIENCE: '', KAFKA_BROKERS: 'nonsense', PORT: 'x', EMIT_BURST: '1' }
  expect(wrongVariables(env)).toEqual(['PORT', 'KAFKA_BROKERS', 'JWT_AUDIENCE', 'EMIT_BURST', 'EMIT_BURST'])
})

test('the configuration is frozen', () => {
  const config = parsed({ KAFKA_BROKERS: 'a:1' })
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.kafkaBrokers)).toBe(true)
})

test('any environment is read or refused with errors, and nothing is thrown', () => {
  const anyEnvironment = fc.dictionary(
    fc.constantFrom(...gatewayOptions.names.map((name) => options[name].env)),
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('true', '0', '1', '65535', 'a:1', 'https://a.example', 'production')),
  )
  fc.assert(
    fc.property(anyEnvironment, fc.boolean(), (env, isReadable) => {
      const result = parseOptions(env, { readable: () => isReadable })
      const errors = result.ok ? [] : result.error
      expect(errors.filter(({ variable, expected }) => variable === '' || expected === '')).toEqual([])
      expect(result.ok).toBe(errors.length === 0)
    }),
    { numRuns: 500 },
  )
})

describe('the options about events of browsers', () => {
  const accept = '[{"type":"chat.message"}]'

  test('take nothing in production unless they are set, and then need rules', () => {
    expect(takesSends(parsed(production))).toBe(false)
    expect(complaint({ ...production, UPSTREAM: 'on' })).toContain('UPSTREAM_ACCEPT: expected a JSON array of rules')
    const config = parsed({ ...production, UPSTREAM: 'on', UPSTREAM_ACCEPT: accept })
    expect(acceptRulesOf(config)).toMatchObject([{ match: { kind: 'exact', text: 'chat.message' }, deliverTo: 'none' }])
    expect(upstreamTopicOf(config)).toBe('platform.chrome.upstream')
  })

  test('take every type in development mode and deliver it to its sender, unless they say otherwise', () => {
    expect(acceptRulesOf(parsed({}))).toMatchObject([{ match: { kind: 'prefix', text: '' }, deliverTo: 'self' }])
    expect(acceptRulesOf(parsed({ UPSTREAM_ACCEPT: accept }))).toMatchObject([{ match: { kind: 'exact', text: 'chat.message' } }])
    expect(acceptRulesOf(parsed({ UPSTREAM: 'off', UPSTREAM_ACCEPT: accept }))).toEqual([])
  })

  test('report every mistake of the rules, and never the whole text', () => {
    const rules = JSON.stringify([{ type: 'x', maxBytes: 0 }, { typ: 'x' }])
    expect(complaint({ ...production, UPSTREAM: 'on', UPSTREAM_ACCEPT: rules })).toContain(
      'UPSTREAM_ACCEPT[0].maxBytes: must be a whole number from 1 to 65536; UPSTREAM_ACCEPT[1].typ: no such member',
    )
    const many = JSON.stringify(Array.from({ length: 20 }, () => ({})))
    expect(complaint({ UPSTREAM_ACCEPT: many })).toContain('; and 10 more')
  })

  test('bound the rules in bytes, as Linux does, and not in characters', () => {
    const rules = (title: string): string => JSON.stringify(Array.from({ length: 20 }, (_, n) => ({ type: `t${n}`, schema: { title } })))
    expect(complaint({ UPSTREAM_ACCEPT: rules('x'.repeat(3_000)) })).toBe('')
    expect(complaint({ UPSTREAM_ACCEPT: rules('字'.repeat(3_000)) })).toContain('expected at most 65536 bytes in UTF-8')
  })

  test.each([
    [{ KAFKA_UPSTREAM_TOPIC: 'platform.chrome' }, 'another topic than KAFKA_TOPIC'],
    [{ KAFKA_UPSTREAM_TOPIC: 'platform.chrome.dlq' }, 'another topic than that of the dead letters'],
    [{ KAFKA_CONTROL_TOPIC: 'platform.chrome.upstream' }, 'another topic than KAFKA_CONTROL_TOPIC'],
  ])('refuse a topic that is used otherwise: %j', (env, expected) => {
    expect(complaint({ ...production, UPSTREAM: 'on', UPSTREAM_ACCEPT: accept, ...env })).toContain(expected)
    expect(complaint({ ...production, UPSTREAM: 'off', ...env })).toBe('')
  })

  test('make room for the largest data in a frame, as base64 and with attributes', () => {
    expect(maxFrameBytesOf(parsed(production))).toBe(4_096)
    const withRule = (maxBytes: number, env: Environment = {}): number =>
      maxFrameBytesOf(parsed({ ...production, UPSTREAM: 'on', UPSTREAM_ACCEPT: JSON.stringify([{ type: 'x', maxBytes }]), ...env }))
    expect(withRule(65_536)).toBe(Buffer.alloc(65_536).toString('base64').length + 4_096)
    expect(withRule(1, { MAX_INBOUND_FRAME_BYTES: '1000000' })).toBe(1_000_000)
  })

  test('make room for the events of all rules in the rates of frames', () => {
    const rules = [
      { type: 'a', ratePerUser: 200, burst: 400 },
      { type: 'b', ratePerUser: 1 },
    ]
    expect(frameRatesOf(parsed({ ...production, UPSTREAM: 'on', UPSTREAM_ACCEPT: JSON.stringify(rules) }))).toEqual({
      inboundFramesPerS: 10 + 201,
      inboundFramesBurst: 50 + 410,
      userFramesPerS: 50 + 201,
      userFramesBurst: 200 + 410,
    })
    expect(frameRatesOf(parsed(production))).toMatchObject({ inboundFramesPerS: 10, userFramesBurst: 200 })
  })
})
