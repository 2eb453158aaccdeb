/** Runs the core without I/O, from records to recipients, in a process of its own, beside the baselines. */
import { Kafka as KafkaBinding, type KafkaMessage } from 'cloudevents'
import { createRecordDecoder } from '../../gateway/event/decode-record.ts'
import type { DecodedRecord } from '../../gateway/event/decoded-record.ts'
import type { LogRecord } from '../../gateway/event/log-record.ts'
import type { Ingest } from '../../gateway/channel/ingest.ts'
import { DuplicateFilter } from '../../gateway/replay/duplicate-filter.ts'
import { answerCalls } from '../lib/calls.ts'
import { createCoreFactory, principalOf, readOptions } from '../lib/core.ts'
import { OpenSocket } from '../lib/open-socket.ts'
import { scanPartitions, scanRecord } from './scan-corpus.ts'

/** Calls that this process answers. Each reads a number of records of the same kind, or a few more. */
export interface ScanCalls extends Record<string, (parameter: never) => unknown> {
  /** Reads through a new channel: decodes, keeps, and finds no recipient. */
  scan(parameter: { readonly records: number }): Promise<ScanCost>
  /** Decodes records, and keeps nothing. */
  decode(parameter: { readonly records: number }): Promise<ScanCost>
  /** Decodes records, and looks for duplicates. */
  duplicates(parameter: { readonly records: number }): Promise<ScanCost>
  /** Reads with JSON.parse of the value alone. */
  parseValues(parameter: { readonly records: number }): Promise<ScanCost>
  /** Reads with the CloudEvents SDK. */
  sdk(parameter: { readonly records: number }): Promise<ScanCost>
}

export interface ScanCost {
  readonly records: number
  /** Processor time of all threads, user and system, in microseconds. */
  readonly cpuMicros: number
}

const createCore = createCoreFactory()
const options = readOptions({})
const limits = { maxEventBytes: options.maxEventBytes, maxAudienceNames: options.maxAudienceSize }

/** Records that the source hands over at once. */
const batchSize = 500
/** Records that are made before the clock runs, and handed over while it does. */
const chunkSize = batchSize * scanPartitions * 10

let made = 0

const calls: ScanCalls = {
  scan: async ({ records }) => {
    const { ingest, socket } = startChannel()
    const cost = await measure(records, (batches) => handOver(ingest, batches))
    // The channel's timer would keep the channel, and its replay log, for later rounds.
    socket.terminate()
    return cost
  },
  decode: ({ records }) => measure(records, eachRecord(createRecordDecoder(limits))),
  duplicates: ({ records }) => {
    const decode = createRecordDecoder(limits)
    const filter = new DuplicateFilter({ windowMs: options.deduplicationWindowMs, maxIds: options.deduplicationMaxIds })
    const read = (record: LogRecord): boolean => {
      const { value: event } = decode(record) as { readonly value: DecodedRecord } // the corpus has valid events with recipients
      return filter.isDuplicate(event.source, event.id, record.timestampMs, record.timestampMs)
    }
    return measure(records, eachRecord(read))
  },
  parseValues: ({ records }) =>
    measure(
      records,
      eachRecord((record) => JSON.parse(String(record.value))),
    ),
  sdk: ({ records }) =>
    measure(
      records,
      eachRecord((record) => KafkaBinding.toEvent(toMessage(record))),
    ),
}

/** Starts a channel with one session that gets none of the records. */
function startChannel(): { readonly ingest: Ingest; readonly socket: OpenSocket } {
  const { channel, ingest } = createCore(options)
  const offset = made / scanPartitions
  const offsets = Array.from({ length: scanPartitions }, () => offset)
  ingest.opened({ epoch: 'bench', startOffsets: offsets, endOffsets: offsets })
  const socket = new OpenSocket()
  channel.join(socket, { principal: principalOf('nobody-else'), resume: { kind: 'latest' } })
  return { ingest, socket }
}

async function handOver(ingest: Ingest, batches: readonly (readonly LogRecord[])[]): Promise<void> {
  for (const batch of batches) {
    const settled = ingest.records(batch, (batch.at(-1)?.offset ?? 0) + 1)
    if (settled !== undefined) await settled
  }
}

/** Holds compared values, so that the compiler does not remove the work. */
let seen: unknown

function eachRecord(read: (record: LogRecord) => unknown): (batches: readonly (readonly LogRecord[])[]) => Promise<void> {
  return async (batches) => {
    for (const batch of batches) for (const record of batch) seen = read(record)
    if (seen === undefined) throw new Error('the corpus has no records without JSON')
  }
}

/** Returns what the SDK takes: it throws on headers that are bytes. */
function toMessage(record: LogRecord): KafkaMessage<string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(record.headers)) headers[name] = String(value)
  return {
    key: String(record.key),
    value: String(record.value),
    body: String(record.value),
    headers,
    timestamp: String(record.timestampMs),
  }
}

/** Measures the processor time of all threads, the garbage collector included. Making the records is not measured. */
async function measure(records: number, run: (batches: readonly (readonly LogRecord[])[]) => Promise<void>): Promise<ScanCost> {
  let cpuMicros = 0
  let done = 0
  while (done < records) {
    const batches = makeBatches()
    // Garbage of making them does not count.
    globalThis.gc?.()
    const before = process.cpuUsage()
    await run(batches)
    const used = process.cpuUsage(before)
    cpuMicros += used.user + used.system
    done += chunkSize
  }
  return { records: done, cpuMicros }
}

function makeBatches(): readonly (readonly LogRecord[])[] {
  const batches: LogRecord[][] = []
  const timestampMs = Date.now()
  const perPartition = chunkSize / scanPartitions
  for (let partition = 0; partition < scanPartitions; partition += 1) {
    for (let at = 0; at < perPartition; at += batchSize) {
      batches.push(
        Array.from({ length: batchSize }, (_, index) => scanRecord(made + partition + (at + index) * scanPartitions, timestampMs)),
      )
    }
  }
  made += chunkSize
  return batches
}

answerCalls(calls)
