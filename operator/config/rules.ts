import { kafkaRules } from '../../gateway/config/kafka-rules.ts'
import { atLeast, unless, type Rule } from '../../program/options/rule.ts'
import type { Mode } from './mode.ts'
import { operatorOptions, type OperatorConfig, type OperatorOptionName } from './options.ts'

/** Input of the rules: some options are required in some modes only. */
export interface CheckedConfig extends OperatorConfig {
  readonly mode: Mode
}

/** A leader waits up to this factor longer than `RETRY_PERIOD_MS`, so operators do not ask in step. */
const retryJitter = 1.2

/** Rules between the operator's options. */
export const operatorRules: readonly Rule<OperatorOptionName, CheckedConfig>[] = [
  {
    about: ['gatewayImage'],
    broken: ({ gatewayImage, mode }) =>
      unless(
        gatewayImage !== '' || mode.task === 'release-finalizers',
        'the image of gateways with its tag or digest, such as registry.example/carillon:1.0.0',
      ),
  },
  ...kafkaRules,
  {
    about: ['channelKafkaSaslSecret', 'channelKafkaSaslMechanism'],
    broken: (config) =>
      unless(
        config.channelKafkaSaslMechanism === 'none' || config.channelKafkaSaslSecret !== '',
        `the name of a Secret with username and password, because CHANNEL_KAFKA_SASL_MECHANISM is ${config.channelKafkaSaslMechanism}`,
      ),
  },
  {
    about: ['channelKafkaSaslMechanism', 'channelKafkaSaslSecret'],
    broken: (config) =>
      unless(
        config.channelKafkaSaslMechanism !== 'none' || config.channelKafkaSaslSecret === '',
        'plain, scram-sha-256 or scram-sha-512, because CHANNEL_KAFKA_SASL_SECRET is given',
      ),
  },
  {
    about: ['kafkaTls', 'channelKafkaCaSecret', 'channelKafkaClientSecret'],
    broken: (config) =>
      unless(
        config.kafkaTls || (config.channelKafkaCaSecret === '' && config.channelKafkaClientSecret === ''),
        'true, because CHANNEL_KAFKA_CA_SECRET or CHANNEL_KAFKA_CLIENT_SECRET is given, and gateways use the same brokers',
      ),
  },
  {
    about: ['leaseDurationMs', 'renewDeadlineMs'],
    broken: (config) =>
      unless(
        config.leaseDurationMs > config.renewDeadlineMs,
        `more than RENEW_DEADLINE_MS (${config.renewDeadlineMs}): another operator would begin while the previous leader still works`,
      ),
  },
  {
    about: ['renewDeadlineMs', 'retryPeriodMs'],
    broken: (config) =>
      unless(
        config.renewDeadlineMs > config.retryPeriodMs * retryJitter,
        `more than ${retryJitter} times RETRY_PERIOD_MS (${config.retryPeriodMs}): the leader would give up before its second attempt`,
      ),
  },
  atLeast(operatorOptions, 'reconcileTimeoutMs', 'apiTimeoutMs', 'a reconcile would be given up before the deadline of its first call'),
  atLeast(operatorOptions, 'apiMaxInFlight', 'workers', 'some workers could never call the API server'),
]
