import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Partitioners } from 'kafkajs'
import { findCommand } from '../../../scripts/find-command.ts'
import { runCommand } from '../../run-command.ts'
import type { Plan, Report, TestCase } from './plan.ts'
import type { Program } from './program.ts'

const script = 'kafka-console-producer.sh'

/** Finds the script that comes with the broker: on the PATH, in KAFKA_HOME, or beside the real `kafka-server`. */
export function findConsoleProducer(): string | null {
  const server = findCommand('kafka-server')
  const home = process.env['KAFKA_HOME'] ?? ''
  const candidates = [
    ...(home === '' ? [] : [join(home, 'bin', script)]),
    ...(server === null ? [] : [join(dirname(realpathSync(server)), script)]),
  ]
  return findCommand(script) ?? candidates.find((path) => existsSync(path)) ?? null
}

/** Returns the folder of the libraries of Kafka that the script belongs to; '' when there is no script. */
export function kafkaLibraries(): string {
  const command = findConsoleProducer()
  return command === null ? '' : join(dirname(dirname(realpathSync(command))), 'libs')
}

/** Returns the version of Kafka that the script belongs to, by the names of its libraries. */
export function consoleProducerVersion(): string {
  const libraries = kafkaLibraries()
  const names = existsSync(libraries) ? readdirSync(libraries) : []
  return (
    names.map((name) => /^kafka-clients-(\d[\d.]*\d)\.jar$/.exec(name)?.[1]).find((version) => version !== undefined) ?? 'of the broker'
  )
}

/** Java's own producer. A process serves all cases of a codec with the same idempotence; a Java process starts slowly. */
export const consoleProducer: Program = async (plan) => {
  const reports: Report[] = []
  for (const cases of groups(plan.cases)) reports.push(...(await produce(plan, cases)))
  return reports
}

/** Cases of one process. The tool gathers records of all of them in its batches, so the 1,000 come first. */
function groups(cases: readonly TestCase[]): readonly (readonly TestCase[])[] {
  const sorted = cases.toSorted((a, b) => b.count - a.count)
  return [...Map.groupBy(sorted, ({ codec, idempotent }) => `${codec} ${idempotent}`).values()]
}

async function produce(plan: Plan, cases: readonly TestCase[]): Promise<readonly Report[]> {
  const [first] = cases
  const command = findConsoleProducer()
  if (first === undefined || command === null) return []
  try {
    const lines = cases.flatMap((testCase) => linesOf(plan, testCase))
    await runCommand(command, argumentsFor(plan, first), { environment: javaEnvironment, input: `${lines.join('\n')}\n` })
    return cases.map(({ name, count }) => ({ name, sent: count }))
  } catch (error) {
    return cases.map(({ name }) => ({ name, sent: 0, error: String(error) }))
  }
}

/** Environment without settings of a broker, which must not reach a producer. */
const javaEnvironment = { KAFKA_HEAP_OPTS: '-Xms64m -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC' }

function argumentsFor({ brokers, topic }: Plan, { codec, idempotent }: TestCase): readonly string[] {
  const producer = {
    acks: 'all',
    'enable.idempotence': idempotent,
    'linger.ms': 5000,
    'batch.size': 1_000_000,
    'max.request.size': 1_048_576,
    'compression.type': codec,
  }
  const reader = {
    'parse.headers': true,
    'parse.key': true,
    'headers.separator': ';',
    'headers.key.separator': '=',
    'null.marker': nullMarker,
  }
  const words = (option: string, values: object): readonly string[] =>
    Object.entries(values).flatMap(([name, value]) => [option, `${name}=${String(value)}`])
  // The tool's own options for codec, batch and linger override properties.
  const tool = [
    '--compression-codec',
    codec,
    '--max-partition-memory-bytes',
    '1000000',
    '--timeout',
    '5000',
    '--request-timeout-ms',
    '20000',
  ]
  return [
    '--bootstrap-server',
    brokers,
    '--topic',
    topic,
    ...tool,
    ...words('--producer-property', producer),
    ...words('--property', reader),
  ]
}

const nullMarker = 'NULL'

/** Returns a key for each partition: the tool cannot name a partition, and the default partitioner puts the key there. */
function linesOf(plan: Plan, testCase: TestCase): readonly string[] {
  const key = keyFor(testCase.partition, new Set(plan.cases.map(({ partition }) => partition)).size)
  const value = testCase.nullValue ? nullMarker : `{"pad":"${plan.pad.slice(0, testCase.padBytes)}"}`
  return Array.from({ length: testCase.count }, (_, n) => {
    const headers = {
      ce_specversion: '1.0',
      ce_id: `${testCase.name}/${n}`,
      ce_source: '/interop',
      ce_type: 'interop.record',
      ce_audience: `{"users":["${testCase.user}"]}`,
      ...(testCase.nullValue ? {} : { 'content-type': 'application/json' }),
      ...(testCase.nullHeader ? { 'x-null': nullMarker } : {}),
    }
    return [
      Object.entries(headers)
        .map(([name, text]) => `${name}=${text}`)
        .join(';'),
      key,
      value,
    ].join('\t')
  })
}

/** kafkajs chooses partitions as Java does. */
const choose = Partitioners.DefaultPartitioner()

function keyFor(partition: number, partitions: number): string {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }))
  for (let n = 0; n < 10_000; n += 1) {
    const key = `key-${n}`
    if (choose({ topic: '', partitionMetadata, message: { key, value: null } }) === partition) return key
  }
  throw new Error(`no key for partition ${partition}`)
}
