import { gatewayNodeFlags } from '../program/node-flags.ts'
import type { KafkaBroker } from '../testing/kafka/kafka-broker.ts'
import { type Bench, type BenchSettings, figure, figureRow, type Row } from './lib/bench.ts'
import { startChild } from './lib/child.ts'
import type { KafkaScanCalls, KafkaScanCost } from './subjects/kafka-scan.ts'
import { medianOf } from './lib/percentiles.ts'
import type { ScanCalls, ScanCost } from './subjects/scan.ts'
import { withKafka } from './lib/with-kafka.ts'

export const bench: Bench = {
  title: 'Scan: records without a recipient here, per second of one processor, against doing less with them',
  run: async (settings) => [
    ...(await scanMemory(settings)),
    ...(await withKafka('Scan from Kafka', settings, (broker) => scanKafka(broker, settings))),
  ],
}

// ---- from memory

interface MemoryRound {
  readonly ours: number
  readonly decode: number
  /** Decoding, and looking for duplicates. */
  readonly duplicates: number
  readonly parse: number
  readonly sdk: number
}

async function scanMemory({ isQuick, say }: BenchSettings): Promise<readonly Row[]> {
  const rounds = isQuick ? 3 : 9
  const records = isQuick ? 80_000 : 200_000
  const subject = startChild<ScanCalls>(new URL('./subjects/scan.ts', import.meta.url), {
    cpu: 0,
    execArgv: ['--expose-gc', ...gatewayNodeFlags],
  })
  const scanOnce = async (): Promise<MemoryRound> => ({
    ours: perCpuSecond(await subject.call('scan', { records })),
    decode: perCpuSecond(await subject.call('decode', { records })),
    duplicates: perCpuSecond(await subject.call('duplicates', { records })),
    parse: perCpuSecond(await subject.call('parseValues', { records })),
    sdk: perCpuSecond(await subject.call('sdk', { records: records / 4 })),
  })
  try {
    // The first round compiles the code for the others.
    await scanOnce()
    const measured: MemoryRound[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const now = await scanOnce()
      measured.push(now)
      say(
        `memory, round ${round} of ${rounds}: ${figure(now.ours)} /s; JSON.parse of the value alone ${figure(now.parse)} /s; the CloudEvents SDK ${figure(now.sdk)} /s`,
      )
    }
    const of = (who: keyof MemoryRound): readonly number[] => measured.map((round) => round[who])
    return [
      ratesRow('Scan from memory, records per CPU second (other: JSON.parse of the value alone)', {
        ours: of('ours'),
        other: of('parse'),
        min: 250_000,
      }),
      ratesRow('Scan from memory, records per CPU second (other: Kafka.toEvent of the CloudEvents SDK)', {
        ours: of('ours'),
        other: of('sdk'),
      }),
      sharesRow('Scan from memory, share of the processor time: decoding, duplicates, the replay log', measured, [
        ({ ours, decode }) => ours / decode,
        ({ ours, decode, duplicates }) => ours / duplicates - ours / decode,
        ({ ours, duplicates }) => 1 - ours / duplicates,
      ]),
    ]
  } finally {
    await subject.stop()
  }
}

// ---- from Kafka

async function scanKafka(broker: KafkaBroker, { isQuick, say }: BenchSettings): Promise<readonly Row[]> {
  const rounds = isQuick ? 1 : 4
  const subject = startChild<KafkaScanCalls>(new URL('./subjects/kafka-scan.ts', import.meta.url), { cpu: 0, execArgv: gatewayNodeFlags })
  try {
    const topic = { brokers: broker.brokers, topic: 'scan', records: isQuick ? 100_000 : 500_000 }
    await subject.call('produce', topic)
    const runs: Record<KafkaPart, KafkaScanCost>[] = []
    for (let round = 0; round <= rounds; round += 1) {
      const run = {
        scan: await subject.call('scan', topic),
        records: await subject.call('records', topic),
        fetch: await subject.call('fetch', topic),
        count: await subject.call('count', topic),
      }
      // The first round compiles the code for the others.
      if (round > 0) runs.push(run)
      say(
        `Kafka, round ${round} of ${rounds}, us of processor time a record: ${figure(micros(run.scan))}; fetching alone ${figure(micros(run.fetch))}, taking records apart as well ${figure(micros(run.records))}; kafkajs alone ${figure(micros(run.count))}; ${figure(perSecond(run.scan))} /s by the clock`,
      )
    }
    const rates = (other: KafkaPart, rate: (cost: KafkaScanCost) => number) => ({
      ours: runs.map(({ scan }) => rate(scan)),
      other: runs.map((run) => rate(run[other])),
    })
    return [
      ratesRow('Scan from Kafka, records per second by the clock (other: a bare kafkajs consumer that counts)', {
        ...rates('count', perSecond),
        min: 100_000,
      }),
      ratesRow('Scan from Kafka, records per CPU second (other: a bare kafkajs consumer that counts)', rates('count', perCpuSecond)),
      ratesRow('Scan from Kafka, records per CPU second (other: fetching without reading a record)', rates('fetch', perCpuSecond)),
      sharesRow('Scan from Kafka, share of the processor time: fetching, taking records apart, the core', runs, [
        ({ scan, fetch }) => micros(fetch) / micros(scan),
        ({ scan, records, fetch }) => (micros(records) - micros(fetch)) / micros(scan),
        ({ scan, records }) => 1 - micros(records) / micros(scan),
      ]),
    ]
  } finally {
    await subject.stop()
  }
}

/** How far the topic is read: by the whole gateway, by its parts, and by kafkajs alone. */
type KafkaPart = 'scan' | 'records' | 'fetch' | 'count'

const micros = ({ records, cpuMicros }: ScanCost): number => cpuMicros / records
const perCpuSecond = ({ records, cpuMicros }: ScanCost): number => (records / cpuMicros) * 1e6
const perSecond = ({ records, wallMs }: KafkaScanCost): number => (records / wallMs) * 1e3

interface Rates {
  /** Records per round. */
  readonly ours: readonly number[]
  readonly other: readonly number[]
  readonly min?: number
}

function ratesRow(measure: string, { ours, other, min }: Rates): Row {
  const row = figureRow({
    measure,
    unit: '/s',
    ours: medianOf(ours),
    other: `${figure(medianOf(other))} /s`,
    ...(min === undefined ? {} : { min }),
  })
  return { ...row, ratio: figure(medianOf(ours.map((rate, round) => rate / (other[round] ?? Infinity)))) }
}

/** @param parts the share of each part in a round */
function sharesRow<T>(measure: string, rounds: readonly T[], parts: readonly ((round: T) => number)[]): Row {
  const shares = parts.map((part) => `${figure(100 * medianOf(rounds.map(part)))} %`)
  return { measure, ours: shares.join(', '), other: '', ratio: '', target: '', verdict: '' }
}
