import { kafkaRules } from '../../gateway/config/kafka-rules.ts'
import { atLeast, unless, type Rule } from '../../program/options/rule.ts'
import type { Mode } from './mode.ts'
import { operatorOptions, type OperatorConfig, type OperatorOptionName } from './options.ts'

/** What rules look at: some options are owed in some modes only. */
export interface Judged extends OperatorConfig {
  readonly mode: Mode
}

/** A leader waits up to this much longer than `RETRY_PERIOD_MS`, so that operators do not ask in step. */
const retryJitter = 1.2

/** What the operator's options owe each other. */
export const operatorRules: readonly Rule<OperatorOptionName, Judged>[] = [
  {
    about: ['gatewayImage'],
    broken: ({ gatewayImage, mode }) =>
      unless(
        gatewayImage !== '' || mode.task === 'release-finalizers',
        'the image that gateways run, with its tag or digest, such as registry.example/carillon:1.0.0',
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
        'true, because CHANNEL_KAFKA_CA_SECRET or CHANNEL_KAFKA_CLIENT_SECRET is given, and gateways speak to the same brokers',
      ),
  },
  {
    about: ['leaseDurationMs', 'renewDeadlineMs'],
    broken: (config) =>
      unless(
        config.leaseDurationMs > config.renewDeadlineMs,
        `more than RENEW_DEADLINE_MS (${config.renewDeadlineMs}): another would begin while the last leader is still at work`,
      ),
  },
  {
    about: ['renewDeadlineMs', 'retryPeriodMs'],
    broken: (config) =>
      unless(
        config.renewDeadlineMs > config.retryPeriodMs * retryJitter,
        `more than ${retryJitter} times RETRY_PERIOD_MS (${config.retryPeriodMs}): the leader would give up before it has tried a second time`,
      ),
  },
  atLeast(
    operatorOptions,
    'reconcileTimeoutMs',
    'apiTimeoutMs',
    'a reconcile would be given up while its first call may still be answered',
  ),
  atLeast(operatorOptions, 'apiMaxInFlight', 'workers', 'some workers could only ever wait'),
]
