import { misspelt } from '../../program/options/misspelt.ts'
import type { Environment } from '../../program/options/read-options.ts'
import type { Mode } from './mode.ts'
import { operatorOptions, type OperatorConfig } from './options.ts'
import { isAmbiguous } from '../../api/name-pattern.ts'

/** Returns sentences for the log at start about options that work but are probably a mistake. */
export function operatorWarnings(env: Environment, config: OperatorConfig, mode: Mode): readonly string[] {
  return [...misspelt(operatorOptions, env, ownPrefixes), ...suspicious(config, mode)]
}

/** Prefixes that only this program's variables have. */
const ownPrefixes = ['CHANNEL_KAFKA_', 'KAFKA_', 'TOPIC_'] as const

function suspicious(config: OperatorConfig, mode: Mode): readonly string[] {
  const namesNoBrokers = config.kafkaBrokers.length === 0
  const hasAccess = config.kafkaTls || config.kafkaSaslMechanism !== 'none' || config.channelKafkaSaslMechanism !== 'none'
  const isToken = config.kafkaSaslMechanism === 'oauthbearer'
  const isPlain = config.kafkaSaslMechanism === 'plain' || config.channelKafkaSaslMechanism === 'plain'
  const warnings: readonly (readonly [boolean, string])[] = [
    [
      isPlain && !config.kafkaTls,
      'KAFKA_SASL_MECHANISM=plain or CHANNEL_KAFKA_SASL_MECHANISM=plain without KAFKA_TLS=true sends passwords in the clear.',
    ],
    [isToken && !config.kafkaTls, 'KAFKA_SASL_MECHANISM=oauthbearer without KAFKA_TLS=true sends the token in the clear.'],
    [namesNoBrokers && hasAccess, 'KAFKA_TLS, KAFKA_SASL_MECHANISM and CHANNEL_KAFKA_SASL_MECHANISM have no effect without KAFKA_BROKERS.'],
    [
      !namesNoBrokers && config.kafkaSaslMechanism !== 'none' && config.channelKafkaSaslMechanism === 'none',
      'The operator authenticates to KAFKA_BROKERS and gateways do not: the brokers will probably refuse them. Set CHANNEL_KAFKA_SASL_MECHANISM.',
    ],
    [
      isAmbiguous(config.topicPattern),
      'TOPIC_PATTERN may let a namespace use topics of another. Put a dot beside NAMESPACE, and * or NAME on one side of it only, as in NAMESPACE.*.',
    ],
    [
      !config.topicPattern.includes('NAMESPACE') && config.topicPattern.includes('*') && config.namespaces.length !== 1,
      'TOPIC_PATTERN does not contain NAMESPACE: channels of every namespace may use every topic that it matches.',
    ],
    [
      !config.leaderElection && mode.task === 'serve' && !mode.isDryRun,
      "LEADER_ELECTION=false: two operators that work at once, such as during a roll-out, undo each other's work.",
    ],
  ]
  return warnings.filter(([applies]) => applies).map(([, sentence]) => sentence)
}
