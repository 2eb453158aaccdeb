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

/** Reads what a topic holds, as a reader of committed records. Kafka's own consumer judges: Carillon's decoder does not judge itself. Needs `kafka-console-consumer.sh`. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<readonly PrintedRecord[]> {
  const properties = ['print.partition', 'print.offset', 'print.headers'].flatMap((name) => ['--formatter-property', `${name}=true`])
  const args = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed', '--timeout-ms', '4000', ...properties]
  const { stdout } = await run('kafka-console-consumer.sh', args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.split('\n').filter((line) => line.startsWith('Partition:')).map(parseLine)
}

/** `Partition:N<tab>Offset:N<tab>name:value,name:value<tab>VALUE` */
function parseLine(line: string): PrintedRecord {
  const [partition = '', offset = '', headers = '', ...value] = line.split('\t')
  const pairs = headers.split(',').map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)] as const)
  return { partition: Number(partition.slice('Partition:'.length)), offset: Number(offset.slice('Offset:'.length)), headers: Object.fromEntries(pairs), value: value.join('\t') }
}
