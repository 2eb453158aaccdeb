import { namespaces } from '../platform/platform-steps.ts'
import type { Stage } from './stage.ts'

/** Returns the names of all topics, from Kafka's own tool in the broker's pod. */
export async function topicsOf(stage: Stage, namespace: string = namespaces.kafka): Promise<readonly string[]> {
  return (await askTopics(stage, ['--list'], namespace))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Runs kafka-topics.sh. @returns its output */
export function askTopics(stage: Stage, words: readonly string[], namespace: string = namespaces.kafka): Promise<string> {
  return stage.demand([
    'exec',
    'kafka-0',
    '--namespace',
    namespace,
    '--',
    '/opt/kafka/bin/kafka-topics.sh',
    '--bootstrap-server',
    'localhost:9092',
    ...words,
  ])
}
