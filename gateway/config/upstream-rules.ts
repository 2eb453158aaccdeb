import { unless, type Rule } from '../../program/options/rule.ts'
import { ruleBounds } from './accept-rule.ts'
import { parseAcceptRules } from './accept-rules.ts'
import { dlqTopicOf } from './dead-letter-topic.ts'
import type { Config, OptionName } from './options.ts'
import { takesSends, upstreamTopicOf } from './upstream.ts'

/** Mistakes in the rules that one error names. */
const maxNamed = 10

/** Rules between the options about events that clients send. */
export const upstreamRules: readonly Rule<OptionName, Config>[] = [
  {
    about: ['upstreamAccept'],
    broken: ({ upstreamAccept }) =>
      unless(
        Buffer.byteLength(upstreamAccept) <= ruleBounds.bytes,
        `at most ${ruleBounds.bytes} bytes in UTF-8, because Linux bounds a variable in bytes; shorten the schemas`,
      ),
  },
  {
    about: ['upstreamAccept'],
    broken: ({ upstreamAccept }) => (upstreamAccept === '' ? null : describeMistakes(upstreamAccept)),
  },
  {
    about: ['upstreamAccept', 'upstream'],
    broken: (config) =>
      unless(
        config.upstream !== 'on' || config.isDevelopment || config.upstreamAccept !== '',
        'a JSON array of rules, as [{"type":"chat.message"}], because UPSTREAM is on; required outside development mode',
      ),
  },
  {
    about: ['kafkaUpstreamTopic', 'kafkaTopic', 'upstream'],
    broken: (config) =>
      unless(
        !takesSends(config) || upstreamTopicOf(config) !== config.kafkaTopic,
        'another topic than KAFKA_TOPIC, because everything that a client sends would be an event of the channel',
      ),
  },
  {
    about: ['kafkaUpstreamTopic', 'kafkaTopic', 'kafkaDlqTopic', 'kafkaDlq', 'upstream'],
    broken: (config) =>
      unless(
        !takesSends(config) || !config.kafkaDlq || upstreamTopicOf(config) !== dlqTopicOf(config),
        'another topic than that of the dead letters (KAFKA_DLQ_TOPIC), because clients would write into it',
      ),
  },
  {
    about: ['kafkaUpstreamTopic', 'kafkaTopic', 'kafkaControlTopic', 'upstream'],
    broken: (config) =>
      unless(
        !takesSends(config) || upstreamTopicOf(config) !== config.kafkaControlTopic,
        'another topic than KAFKA_CONTROL_TOPIC, because clients would write into it',
      ),
  },
]

function describeMistakes(text: string): string | null {
  const rules = parseAcceptRules(text)
  if (rules.ok) return null
  const more = rules.error.length - maxNamed
  return `valid rules: ${rules.error.slice(0, maxNamed).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
