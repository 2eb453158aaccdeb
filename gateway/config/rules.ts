/**
 * What options owe each other. A rule looks at options that were each read without error, and is left out when one of
 * those it is about was not: a wrong value is reported once, not again as missing.
 */
import type { OptionError } from './option-error.ts'
import { options, type Config, type OptionName } from './options.ts'

export interface Rule {
  /** The options that the rule reads; the first is the one that the error is about. */
  readonly about: readonly [OptionName, ...OptionName[]]
  /** Null when the rule is kept; otherwise what was expected. */
  readonly broken: (config: Config) => string | null
}

const whenRequired = 'required with NODE_ENV=production, and whenever keys are configured'

export const rules: readonly Rule[] = [
  {
    about: ['jwtJwksUri', 'jwtKeysFile'],
    broken: (config) => unless(config.isDevelopment || config.jwtJwksUri !== '' || config.jwtKeysFile !== '', 'JWT_JWKS_URI or JWT_KEYS_FILE, the keys that verify tokens; required with NODE_ENV=production'),
  },
  required('jwtIssuer', 'the only `iss` that is believed', (config) => config.jwtIssuer !== ''),
  required('jwtAudience', 'the `aud` that tokens must name', (config) => config.jwtAudience.length > 0),
  required('kafkaBrokers', 'host:port of the brokers', (config) => config.kafkaBrokers.length > 0),
  required('allowedOrigins', 'the origins whose pages may connect (or DANGEROUSLY_ALLOW_ANY_ORIGIN=true)', (config) => config.allowedOrigins.length > 0 || config.dangerouslyAllowAnyOrigin, ['dangerouslyAllowAnyOrigin']),
  {
    about: ['jwtKeysFile', 'jwtJwksUri'],
    broken: (config) => unless(config.jwtKeysFile === '' || config.jwtJwksUri === '', 'JWT_KEYS_FILE or JWT_JWKS_URI, not both'),
  },
  {
    about: ['kafkaSaslUsername', 'kafkaSaslUsernameFile', 'kafkaSaslMechanism'],
    broken: (config) => unless(config.kafkaSaslMechanism === 'none' || hasUsername(config), `KAFKA_SASL_USERNAME or KAFKA_SASL_USERNAME_FILE to be set, because KAFKA_SASL_MECHANISM is ${config.kafkaSaslMechanism}`),
  },
  {
    about: ['kafkaSaslPassword', 'kafkaSaslPasswordFile', 'kafkaSaslMechanism'],
    broken: (config) => unless(config.kafkaSaslMechanism === 'none' || hasPassword(config), `KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE to be set, because KAFKA_SASL_MECHANISM is ${config.kafkaSaslMechanism}`),
  },
  {
    about: ['kafkaSaslMechanism', 'kafkaSaslUsername', 'kafkaSaslUsernameFile', 'kafkaSaslPassword', 'kafkaSaslPasswordFile'],
    broken: (config) => unless(config.kafkaSaslMechanism !== 'none' || (!hasUsername(config) && !hasPassword(config)), 'plain, scram-sha-256 or scram-sha-512, because a SASL user name or password is given'),
  },
  {
    about: ['kafkaSaslUsername', 'kafkaSaslUsernameFile'],
    broken: (config) => unless(config.kafkaSaslUsername === '' || config.kafkaSaslUsernameFile === '', 'KAFKA_SASL_USERNAME or KAFKA_SASL_USERNAME_FILE, not both'),
  },
  {
    about: ['kafkaSaslPassword', 'kafkaSaslPasswordFile'],
    broken: (config) => unless(config.kafkaSaslPassword === '' || config.kafkaSaslPasswordFile === '', 'KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE, not both'),
  },
  {
    about: ['kafkaTlsKeyFile', 'kafkaTlsCertFile'],
    broken: (config) => unless((config.kafkaTlsKeyFile === '') === (config.kafkaTlsCertFile === ''), 'KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE both or neither: a client certificate is of no use without its key'),
  },
  {
    about: ['kafkaTls', 'kafkaTlsCaFile', 'kafkaTlsCertFile', 'kafkaTlsKeyFile'],
    broken: (config) => unless(config.kafkaTls || (config.kafkaTlsCaFile === '' && config.kafkaTlsCertFile === '' && config.kafkaTlsKeyFile === ''), 'true, because KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE or KAFKA_TLS_KEY_FILE is given'),
  },
  {
    about: ['kafkaDlqTopic', 'kafkaTopic', 'kafkaDlq'],
    broken: (config) => unless(!config.kafkaDlq || config.kafkaDlqTopic !== config.kafkaTopic, 'another topic than KAFKA_TOPIC: a record that cannot be decoded would come back for ever'),
  },
  {
    about: ['internalPort', 'port'],
    broken: (config) => unless(config.internalPort === 0 || config.internalPort !== config.port, 'another port than PORT: /metrics is not for the public'),
  },
  atLeast('emitMaxBodyBytes', 'maxEventBytes', 'an event of the largest size would be refused as a body'),
  atLeast('replayMaxBytes', 'maxEventBytes', 'an event of the largest size could not be held'),
  atLeast('emitBurst', 'emitRatePerS', 'a rate above the burst is never reached'),
  atLeast('emitBurst', 'emitMaxBatch', 'a batch of the largest size would always be answered 429'),
  atLeast('emitMaxInFlight', 'emitMaxBatch', 'a batch of the largest size would always be answered 503'),
  atLeast('upgradeBurst', 'upgradeRatePerS', 'a rate above the burst is never reached'),
  atLeast('inboundFramesBurst', 'inboundFramesPerS', 'a rate above the burst is never reached'),
]

/** The error of a broken rule. */
export function explain(rule: Rule, config: Config): OptionError | null {
  const expected = rule.broken(config)
  if (expected === null) return null
  const [name] = rule.about
  return { variable: options[name].env, given: shown(config, name), expected }
}

function shown(config: Config, name: OptionName): string | null {
  const text = String(config[name])
  return options[name].kind === 'secret' || text === '' ? null : text
}

function unless(kept: boolean, expected: string): string | null {
  return kept ? null : expected
}

function required(name: OptionName, what: string, isGiven: (config: Config) => boolean, others: readonly OptionName[] = []): Rule {
  return { about: [name, ...others], broken: (config) => unless(config.isDevelopment || isGiven(config), `${what}; ${whenRequired}`) }
}

type IntegerName = { [Name in OptionName]: Config[Name] extends number ? Name : never }[OptionName]

function atLeast(name: IntegerName, floor: IntegerName, otherwise: string): Rule {
  return { about: [name, floor], broken: (config) => unless(config[name] >= config[floor], `at least ${options[floor].env} (${config[floor]}): ${otherwise}`) }
}

function hasUsername(config: Config): boolean {
  return config.kafkaSaslUsername !== '' || config.kafkaSaslUsernameFile !== ''
}

function hasPassword(config: Config): boolean {
  return config.kafkaSaslPassword !== '' || config.kafkaSaslPasswordFile !== ''
}
