import { levels, type Matrix, plain } from './matrix.ts'
import { consoleProducer, consoleProducerVersion } from './testing/console-producer.ts'
import { goProgram, nodeProgram, type Program, pythonProgram } from './testing/program.ts'
import { versionOf } from './versions.ts'

/** A foreign client: its name and version for people, the program that drives it, and its abilities. */
export interface Producer {
  readonly name: string
  readonly version: string
  readonly program: Program
  readonly matrix: Matrix
}

/** Levels of the cases: the fastest and the strongest of the client. */
export const producers = {
  confluentKafka: {
    name: 'confluent-kafka',
    version: versionOf('confluent-kafka'),
    program: pythonProgram('confluent.py'),
    matrix: { compressions: levels({ gzip: [1, 9], lz4: [0, 12], zstd: [1, 12] }), isIdempotent: true, hasNullHeaders: true },
  },
  aiokafka: {
    name: 'aiokafka',
    version: versionOf('aiokafka'),
    program: pythonProgram('aio.py'),
    matrix: { compressions: plain, isIdempotent: true, hasNullHeaders: true },
  },
  kafkaPython: {
    name: 'kafka-python',
    version: versionOf('kafka-python'),
    program: pythonProgram('kafka_python.py'),
    matrix: { compressions: plain, isIdempotent: true, hasNullHeaders: false },
  },
  franzGo: {
    name: 'franz-go',
    version: versionOf('github.com/twmb/franz-go'),
    program: goProgram('franz-go'),
    matrix: { compressions: levels({ gzip: [1, 9], lz4: [0, 9], zstd: [1, 4] }), isIdempotent: true, hasNullHeaders: true },
  },
  kafkaGo: {
    name: 'kafka-go',
    version: versionOf('github.com/segmentio/kafka-go'),
    program: goProgram('kafka-go'),
    matrix: { compressions: plain, isIdempotent: false, hasNullHeaders: true },
  },
  sarama: {
    name: 'sarama',
    version: versionOf('github.com/IBM/sarama'),
    program: goProgram('sarama'),
    matrix: { compressions: levels({ gzip: [1, 9], zstd: [1, 9] }), isIdempotent: true, hasNullHeaders: true },
  },
  platformatic: {
    name: '@platformatic/kafka',
    version: versionOf('@platformatic/kafka'),
    program: nodeProgram('platformatic.mjs'),
    matrix: { compressions: plain, isIdempotent: true, hasNullHeaders: true },
  },
  java: {
    name: 'kafka-console-producer',
    version: consoleProducerVersion(),
    program: consoleProducer,
    matrix: { compressions: plain, isIdempotent: true, hasNullHeaders: true },
  },
} as const satisfies Readonly<Record<string, Producer>>
