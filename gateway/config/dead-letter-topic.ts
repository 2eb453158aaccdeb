import type { Options } from './options.ts'

/** Returns the topic to which records that cannot be decoded are copied. */
export const dlqTopicOf = (options: Pick<Options, 'kafkaTopic' | 'kafkaDlqTopic'>): string =>
  options.kafkaDlqTopic === '' ? `${options.kafkaTopic}.dlq` : options.kafkaDlqTopic
