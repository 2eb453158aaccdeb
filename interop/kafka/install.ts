import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { howToGetKafka } from '../../scripts/test/suites.ts'
import { findMissingTools, goPart, installParts, nodePart, pythonPart, toolRemedies } from '../parts.ts'
import { places } from './places.ts'
import { findConsoleProducer } from './testing/console-producer.ts'

const producers = fileURLToPath(new URL('producers', import.meta.url))

/** Installs what the suites lack. @throws with a remedy when a toolchain is missing, and when a part fails */
export async function install(say: (line: string) => void): Promise<void> {
  const parts = [
    pythonPart(join(producers, 'python/requirements.txt'), places.python),
    pythonPart(join(producers, 'python/requirements-cloudevents-1.txt'), places.pythonCloudEvents1),
    nodePart(join(producers, 'node'), places.node),
    goPart(join(producers, 'go'), places.goBinary),
  ]
  await installParts(parts, missingTools(), say)
}

function missingTools(): readonly string[] {
  const missing = findMissingTools({ ...toolRemedies, 'kafka-server': `kafka-server is missing. ${howToGetKafka}` })
  return findConsoleProducer() === null
    ? [...missing, 'kafka-console-producer.sh is missing. It is in bin/ of every Kafka distribution: set KAFKA_HOME to that folder.']
    : missing
}
