import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** One record, as Kafka's own console consumer prints it. */
export interface PrintedRecord {
  readonly partition: number
  readonly offset: number
  readonly headers: Readonly<Record<string, string>>
  readonly value: string
}

const run = promisify(execFile)

/**
 * Reads all records of a topic, as a reader of committed records. Kafka's own consumer reads them: Carillon's decoder must not check
 * itself. Needs `kafka-console-consumer.sh`.
 * @param count number of records, where that is known; otherwise the consumer ends when none has come for eight seconds
 */
export async function readTopic(brokers: readonly string[], topic: string, count: number | null = null): Promise<readonly PrintedRecord[]> {
  const properties = ['print.partition', 'print.offset', 'print.headers'].flatMap((name) => ['--property', `${name}=true`])
  const until = count === null ? ['--timeout-ms', '8000'] : ['--max-messages', String(count), '--timeout-ms', '40000']
  const args = [
    '--bootstrap-server',
    brokers.join(','),
    '--topic',
    topic,
    '--from-beginning',
    '--isolation-level',
    'read_committed',
    ...until,
    ...properties,
  ]
  const { stdout } = await run('kafka-console-consumer.sh', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('Partition:'))
    .map(parseLine)
}

/**
 * Returns the place of each record of a poison writer, as `partition/offset`, sorted.
 * @param ends the next offset of each partition, in a topic that has seen no transaction
 */
export async function poisonIn(brokers: readonly string[], topic: string, ends: readonly number[]): Promise<readonly string[]> {
  const records = await readTopic(
    brokers,
    topic,
    ends.reduce((sum, end) => sum + end, 0),
  )
  return records
    .filter(({ value }) => value.startsWith('poison '))
    .map(({ partition, offset }) => `${partition}/${offset}`)
    .toSorted()
}

/** A dead letter: the place of its record, and its own, each as `partition/offset`. */
export interface FoundCopy {
  readonly of: string
  readonly at: string
}

export async function copiesIn(brokers: readonly string[], topic: string): Promise<readonly FoundCopy[]> {
  const records = await readTopic(brokers, topic)
  return records.map(({ partition, offset, headers }) => ({
    of: `${headers['carillon_dlq_partition'] ?? ''}/${headers['carillon_dlq_offset'] ?? ''}`,
    at: `${partition}/${offset}`,
  }))
}

/** `Partition:N<tab>Offset:N<tab>name:value,name:value<tab>VALUE` */
function parseLine(line: string): PrintedRecord {
  const [partition = '', offset = '', headers = '', ...value] = line.split('\t')
  const pairs = headers.split(',').map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)] as const)
  return {
    partition: Number(partition.slice('Partition:'.length)),
    offset: Number(offset.slice('Offset:'.length)),
    headers: Object.fromEntries(pairs),
    value: value.join('\t'),
  }
}
