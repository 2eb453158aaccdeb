import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { options as gatewayOptions } from '../../gateway/config/options.ts'
import { flagOf } from '../../program/options/command-line.ts'
import type { Option } from '../../program/options/option.ts'
import type { Environment } from '../../program/options/read-options.ts'
import { boundOperatorOptions } from './bind-options.ts'
import { operatorOptions, type OperatorConfig } from './options.ts'
import { parseOperatorOptions, type OperatorStart } from './parse-options.ts'

const everything = { readable: () => true }
const nothing = { readable: () => false }
const enough: Environment = { GATEWAY_IMAGE: 'registry.example/carillon:1.0.0' }

function started(env: Environment, argv: readonly string[] = []): Extract<OperatorStart, { kind: 'run' }> {
  const result = parseOperatorOptions(env, argv, everything)
  if (!result.ok) throw new Error(boundOperatorOptions.renderErrors(result.error))
  if (result.value.kind !== 'run') throw new Error(`it is ${result.value.kind}`)
  return result.value
}

const parsed = (env: Environment, argv: readonly string[] = []): OperatorConfig => started({ ...enough, ...env }, argv).config

function wrongVariables(env: Environment, argv: readonly string[] = [], reader = everything): readonly string[] {
  const result = parseOperatorOptions({ ...enough, ...env }, argv, reader)
  return result.ok ? [] : result.error.map((error) => error.variable)
}

function complaint(env: Environment, argv: readonly string[] = []): string {
  const result = parseOperatorOptions(env, argv, everything)
  return result.ok ? '' : boundOperatorOptions.renderErrors(result.error)
}

describe('the option table of the operator', () => {
  test('has each variable once', () => {
    const names = boundOperatorOptions.names.map((name) => operatorOptions[name].env)
    expect(names.length).toBeGreaterThan(30)
    expect(new Set(names).size).toBe(names.length)
  })

  test.each(boundOperatorOptions.names)('%s has a default that is valid as a given value', (name) => {
    const option: Option = operatorOptions[name]
    const text = typeof option.default === 'object' ? option.default.join(',') : String(option.default)
    const { [name]: value } =
      text === '' ? { [name]: option.default } : parsed({ [option.env]: text, ...(name === 'gatewayImage' ? enough : {}) })
    expect(value).toEqual(option.default)
  })

  test('has the same row as the gateway for each name that both have', () => {
    const gateway: Readonly<Record<string, Option>> = gatewayOptions
    const shared = boundOperatorOptions.names.filter((name) => name in gateway && name !== 'logFormat')
    expect(shared.length).toBeGreaterThan(10)
    const shapeOf = ({ group: _group, sentence: _sentence, ...shape }: Option): object => shape
    expect(shared.map((name) => shapeOf(operatorOptions[name]))).toEqual(
      shared.map((name) => gateway[name]).map((row) => row && shapeOf(row)),
    )
  })
})

describe('a start of the operator', () => {
  test('needs the image of gateways, and nothing else', () => {
    expect(complaint({})).toContain('GATEWAY_IMAGE: expected the image of gateways with its tag or digest')
    expect(started(enough)).toMatchObject({
      mode: { task: 'serve', isDryRun: false },
      config: { namespaces: [], kafkaBrokers: [], leaderElection: true, workers: 8, metricsNamespaces: [] },
    })
  })

  test('that is refused names the place of the full list of options', () => {
    expect(complaint({})).toMatch(
      /^An option is not valid:\n {2}GATEWAY_IMAGE: .+\nAll options: node operator\/main\.ts --help, or docs\/reference\/operator-configuration\.md$/,
    )
  })

  test('prefers flags to variables, and passes both on', () => {
    const { config, env } = started({ ...enough, WORKERS: '2', PATH: '/bin' }, ['--workers=3', '--namespaces', 'a,b'])
    expect(config).toMatchObject({ workers: 3, namespaces: ['a', 'b'] })
    expect(env).toMatchObject({ WORKERS: '3', PATH: '/bin' })
  })

  test('freezes the options', () => {
    const { config, mode } = started({ ...enough, NAMESPACES: 'a' })
    expect([config, config.namespaces, mode].map(Object.isFrozen)).toEqual([true, true, true])
  })
})

describe('a mode of the operator', () => {
  test.each([
    [[], { task: 'serve', isDryRun: false }],
    [['--dry-run'], { task: 'serve', isDryRun: true }],
    [['--once'], { task: 'once', isDryRun: false }],
    [['--once', '--workers', '1', '--dry-run'], { task: 'once', isDryRun: true }],
    [['--release-finalizers'], { task: 'release-finalizers', isDryRun: false }],
    [['--dry-run', '--release-finalizers'], { task: 'release-finalizers', isDryRun: true }],
  ])('%j', (argv, mode) => {
    expect(started(enough, argv).mode).toEqual(mode)
  })

  test.each([
    ['--help', 'help'],
    ['--version', 'version'],
  ])('%s asks for text, and other flags are ignored', (flag, kind) => {
    expect(parseOperatorOptions({ WORKERS: 'x' }, ['--once', '--nonsense', flag], nothing)).toEqual({ ok: true, value: { kind } })
  })

  test('that releases finalizers needs no image', () => {
    expect(started({}, ['--release-finalizers']).mode.task).toBe('release-finalizers')
    expect(complaint({}, ['--once', '--dry-run'])).toContain('GATEWAY_IMAGE')
  })

  test.each([
    [['--once', '--release-finalizers'], '--release-finalizers', 'not both'],
    [['--once=true'], '--once', 'it takes no value'],
    [['--dryrun'], '--dryrun', 'such as --dry-run'],
    [['--once', 'true'], 'true', 'a flag that --help lists'],
    [['--workers', '--once'], '--workers', 'a value, as in --workers=VALUE'],
    [['--kafka-sasl-password=hunter2'], '--kafka-sasl-password', 'KAFKA_SASL_PASSWORD_FILE'],
  ])('is refused for %j', (argv, variable, words) => {
    expect(wrongVariables({}, argv)).toEqual([variable])
    expect(complaint(enough, argv)).toContain(words)
    expect(complaint(enough, argv)).not.toContain('hunter2')
  })

  test.each(['DRY_RUN', 'ONCE', 'RELEASE_FINALIZERS'])('cannot come from the variable %s', (variable) => {
    expect(started({ ...enough, [variable]: 'true' }).mode).toEqual({ task: 'serve', isDryRun: false })
  })
})

describe('a value', () => {
  test.each(boundOperatorOptions.names.filter((name) => operatorOptions[name].kind === 'integer'))(
    'of %s is held to its bounds, which are taken themselves',
    (name) => {
      const option: Option = operatorOptions[name]
      if (option.kind !== 'integer') throw new Error('the filter is wrong')
      expect(wrongVariables({ [option.env]: String(option.min - 1) })).toContain(option.env)
      expect(wrongVariables({ [option.env]: String(option.max + 1) })).toContain(option.env)
      // A rule between options may break at a bound, but the bound itself is not what is wrong then.
      const atBounds = [option.min, option.max].map((value) => complaint({ ...enough, [option.env]: String(value) }))
      expect(atBounds.filter((text) => text.includes('a whole number'))).toEqual([])
    },
  )

  test.each([
    ['NAMESPACES', 'Shop'],
    ['NAMESPACES', 'a.b'],
    ['NAMESPACES', '-a'],
    ['NAMESPACES', 'a'.repeat(64)],
    ['NAMESPACES', ','],
    ['INGRESS_NAMESPACES', '*'],
    ['NAMESPACES', Array.from({ length: 257 }, (_, index) => `n${index}`).join(',')],
    ['GATEWAY_IMAGE', 'carillon latest'],
    ['GATEWAY_IMAGE', '-x'],
    ['TOPIC_PATTERN', 'a b'],
    ['TOPIC_PATTERN', '^x$'],
    ['KAFKA_BROKERS', 'kafka'],
    ['CHANNEL_KAFKA_CA_SECRET', 'a/b'],
    ['LEASE_NAME', 'Lease'],
    ['LEASE_NAMESPACE', 'a.b'],
    ['LEADER_ELECTION', 'yes'],
    ['LOG_FORMAT', 'auto'],
    ['LOG_LEVEL', 'trace'],
    ['WORKERS', '8.5'],
  ])('%s=%j is refused with the variable, the value and the expected values', (variable, value) => {
    expect(parseOperatorOptions({ ...enough, [variable]: value }, [], everything)).toMatchObject({
      ok: false,
      error: [{ variable, given: value }],
    })
  })

  test('of a list of namespaces may have blanks around its items', () => {
    expect(parsed({ NAMESPACES: ' shop, a-1 ,' }).namespaces).toEqual(['shop', 'a-1'])
  })

  test.each(['registry.example:5000/team/carillon@sha256:0123abc', 'carillon', 'carillon:1.0.0'])('%s is an image', (image) => {
    expect(parsed({ GATEWAY_IMAGE: image }).gatewayImage).toBe(image)
  })

  test('of a file must be a path that can be read', () => {
    expect(wrongVariables({ KUBECONFIG: '/a:/b', KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/missing' }, [], nothing)).toEqual([
      'KAFKA_TLS_CA_FILE',
      'KUBECONFIG',
    ])
  })
})

describe('options that belong together', () => {
  const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'operator', KAFKA_SASL_PASSWORD: 'hunter2' }
  const tls = { KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/ca', KAFKA_TLS_CERT_FILE: '/cert', KAFKA_TLS_KEY_FILE: '/key' }

  test.each([
    ['a mechanism without a user name', { ...sasl, KAFKA_SASL_USERNAME: '' }, 'KAFKA_SASL_USERNAME'],
    ['a password without a mechanism', { ...sasl, KAFKA_SASL_MECHANISM: 'none' }, 'KAFKA_SASL_MECHANISM'],
    ['a user name and a file with one', { ...sasl, KAFKA_SASL_USERNAME_FILE: '/user' }, 'KAFKA_SASL_USERNAME'],
    ['a client certificate without its key', { ...tls, KAFKA_TLS_KEY_FILE: '' }, 'KAFKA_TLS_KEY_FILE'],
    ['certificates without TLS', { ...tls, KAFKA_TLS: 'false' }, 'KAFKA_TLS'],
    ['a mechanism of gateways without their Secret', { CHANNEL_KAFKA_SASL_MECHANISM: 'plain' }, 'CHANNEL_KAFKA_SASL_SECRET'],
    ['a Secret of gateways without their mechanism', { CHANNEL_KAFKA_SASL_SECRET: 'kafka' }, 'CHANNEL_KAFKA_SASL_MECHANISM'],
    ['authorities for gateways without TLS', { CHANNEL_KAFKA_CA_SECRET: 'kafka-ca' }, 'KAFKA_TLS'],
    ['client certificates for gateways without TLS', { CHANNEL_KAFKA_CLIENT_SECRET: 'kafka-client' }, 'KAFKA_TLS'],
    ['a lease no longer than the deadline', { RENEW_DEADLINE_MS: '15000' }, 'LEASE_DURATION_MS'],
    ['a deadline before the second attempt', { RETRY_PERIOD_MS: '8400' }, 'RENEW_DEADLINE_MS'],
    ['a reconcile shorter than a call', { RECONCILE_TIMEOUT_MS: '14999' }, 'RECONCILE_TIMEOUT_MS'],
    ['fewer calls at once than workers', { API_MAX_IN_FLIGHT: '7' }, 'API_MAX_IN_FLIGHT'],
  ])('%s is refused', (_, env, variable) => {
    expect(wrongVariables(env)).toEqual([variable])
    expect(complaint({ ...enough, ...env })).not.toContain('hunter2')
  })

  test.each([
    [
      'SASL for the operator and for gateways',
      { ...sasl, CHANNEL_KAFKA_SASL_MECHANISM: 'scram-sha-512', CHANNEL_KAFKA_SASL_SECRET: 'kafka' },
    ],
    ['SASL from files', { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME_FILE: '/user', KAFKA_SASL_PASSWORD_FILE: '/password' }],
    ['mutual TLS for both', { ...tls, CHANNEL_KAFKA_CA_SECRET: 'kafka-ca', CHANNEL_KAFKA_CLIENT_SECRET: 'kafka-client' }],
    [
      'bounds that just fit',
      { LEASE_DURATION_MS: '10001', RETRY_PERIOD_MS: '8333', RECONCILE_TIMEOUT_MS: '15000', API_MAX_IN_FLIGHT: '8' },
    ],
  ])('%s is accepted', (_, env) => {
    expect(wrongVariables(env)).toEqual([])
  })
})

test('all errors are reported at once, and a wrong value is not reported again by a rule', () => {
  expect(wrongVariables({ GATEWAY_IMAGE: '', WORKERS: 'x', RENEW_DEADLINE_MS: '20000', API_MAX_IN_FLIGHT: '1' })).toEqual([
    'WORKERS',
    'GATEWAY_IMAGE',
    'LEASE_DURATION_MS',
  ])
})

test('any environment and command line are read or refused with errors, and nothing is thrown', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('true', '0', '1', '64', '30000', 'a:1', 'a.b', 'plain'))
  const anyEnvironment = fc.dictionary(fc.constantFrom(...boundOperatorOptions.names.map((name) => operatorOptions[name].env)), value)
  const anyArgument = fc.oneof(
    value,
    fc.constantFrom('--once', '--dry-run', ...boundOperatorOptions.names.map((name) => flagOf(operatorOptions[name]))),
  )
  fc.assert(
    fc.property(anyEnvironment, fc.array(anyArgument, { maxLength: 4 }), fc.boolean(), (env, argv, isReadable) => {
      const result = parseOperatorOptions(env, argv, { readable: () => isReadable })
      const errors = result.ok ? [] : result.error
      expect(errors.filter(({ expected }) => expected === '')).toEqual([])
      expect(result.ok).toBe(errors.length === 0)
    }),
    { numRuns: 500 },
  )
})
