import { atLeastPairs } from './at-least-pairs.ts'
import { channelPaths } from './channel-paths.ts'
import { dlqTopicOf } from './dead-letter-topic.ts'
import { kafkaRules } from './kafka-rules.ts'
import { upstreamRules } from './upstream-rules.ts'
import { options, type Config, type OptionName } from './options.ts'
import { atLeast, unless, type Rule } from '../../program/options/rule.ts'

const whenRequired = 'required with NODE_ENV=production, and when keys are configured'

/** Rules between the gateway's options. */
export const rules: readonly Rule<OptionName, Config>[] = [
  {
    about: ['jwtJwksUri', 'jwtKeysFile'],
    broken: (config) =>
      unless(
        config.isDevelopment || config.jwtJwksUri !== '' || config.jwtKeysFile !== '',
        'JWT_JWKS_URI or JWT_KEYS_FILE, the keys that verify tokens; required with NODE_ENV=production',
      ),
  },
  required('jwtIssuer', 'the only `iss` that is accepted', (config) => config.jwtIssuer !== ''),
  required('jwtAudience', 'the `aud` that tokens must name', (config) => config.jwtAudience.length > 0),
  required('kafkaBrokers', 'host:port of the brokers', (config) => config.kafkaBrokers.length > 0),
  required(
    'allowedOrigins',
    'the origins whose pages may connect (or DANGEROUSLY_ALLOW_ANY_ORIGIN=true)',
    (config) => config.allowedOrigins.length > 0 || config.dangerouslyAllowAnyOrigin,
    ['dangerouslyAllowAnyOrigin'],
  ),
  {
    about: ['jwtKeysFile', 'jwtJwksUri'],
    broken: (config) => unless(config.jwtKeysFile === '' || config.jwtJwksUri === '', 'JWT_KEYS_FILE or JWT_JWKS_URI, not both'),
  },
  ...(['jwksCaFile', 'jwksProxy'] as const).map((name): Rule<OptionName, Config> => ({
    about: [name, 'jwtJwksUri'],
    broken: (config) =>
      unless(
        config[name] === '' || config.jwtJwksUri !== '',
        `nothing, because JWT_JWKS_URI is not set and ${options[name].env} is for its server`,
      ),
  })),
  {
    about: ['apiPathPrefix', 'socketPathPrefix', 'channel'],
    broken: (config) =>
      unless(
        !isPathShared(config),
        'another prefix than that of SOCKET_PATH_PREFIX, because a route in front of the gateway distinguishes sockets and API by them',
      ),
  },
  ...kafkaRules,
  {
    about: ['kafkaDlqTopic', 'kafkaTopic', 'kafkaDlq'],
    broken: (config) =>
      unless(
        !config.kafkaDlq || config.kafkaDlqTopic !== config.kafkaTopic,
        'another topic than KAFKA_TOPIC, because a record that cannot be decoded would be copied endlessly',
      ),
  },
  ...upstreamRules,
  {
    about: ['kafkaControlTopic', 'kafkaTopic', 'kafkaDlqTopic', 'kafkaDlq'],
    broken: (config) =>
      unless(
        config.kafkaControlTopic === '' ||
          (config.kafkaControlTopic !== config.kafkaTopic && !(config.kafkaDlq && config.kafkaControlTopic === dlqTopicOf(config))),
        'another topic than KAFKA_TOPIC and the dead letter topic, because compaction would remove their records',
      ),
  },
  {
    about: ['internalPort', 'port'],
    broken: (config) =>
      unless(
        config.internalPort === 0 || config.internalPort !== config.port,
        'another port than PORT, because /metrics must not be public',
      ),
  },
  ...atLeastPairs.map(([greater, smaller, otherwise]) => atLeast(options, greater, smaller, otherwise)),
]

function isPathShared(config: Config): boolean {
  const { socketPrefix, apiPrefix } = channelPaths(config)
  return socketPrefix === apiPrefix
}

function required(
  name: OptionName,
  what: string,
  isGiven: (config: Config) => boolean,
  others: readonly OptionName[] = [],
): Rule<OptionName, Config> {
  return { about: [name, ...others], broken: (config) => unless(config.isDevelopment || isGiven(config), `${what}; ${whenRequired}`) }
}
