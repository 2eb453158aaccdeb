import { randomUUID } from 'node:crypto'
import type { Options } from '../config/options.ts'
import type { DecodeFailure, EventContent } from '../event/decoded-record.ts'
import type { DecodeOutcome } from '../event/decode-record.ts'
import type { LogRecord } from '../event/log-record.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Tracer } from '../observability/tracer.ts'
import { DuplicateFilter } from '../replay/duplicate-filter.ts'
import type { Entry } from '../replay/entry.ts'
import { type FrameObserver, Frames } from '../replay/frames.ts'
import { InternedFilters } from '../filter/intern.ts'
import { ReplayLog } from '../replay/replay-log.ts'
import { failed, type Result } from '../../program/result.ts'
import { createBookmarks, createControlJson, type Feature } from '../session/control-events.ts'
import { Reader } from '../session/reader.ts'
import type { SharedBySessions } from '../session/session.ts'
import { Channel, type ChannelParts } from './channel.ts'
import { FanOut } from './fan-out.ts'
import { Hub } from './hub.ts'
import { Ingest, type IngestObserver } from './ingest.ts'
import { createLossNotices } from './loss-notices.ts'
import { createUndecodableNotices, type UndecodableNotices } from './undecodable-notices.ts'
import { RevokedSessions } from './revoked-sessions.ts'
import { Upkeep } from './upkeep.ts'

/** Returns the time before now from which the topic must be read to fill the replay log and find duplicates, in milliseconds. */
export function warmUpMs(options: ChannelOptions): number {
  return options.replayWindowMs + options.deduplicationWindowMs
}

/** Puts the core together: `ingest` takes records, `channel` serves sessions. Starts nothing. */
export function createChannel(parts: CreateChannelParts): { readonly channel: Channel; readonly ingest: Ingest } {
  const { options, metrics } = parts
  const undecodable = createUndecodableNotices({
    topic: options.kafkaTopic,
    deadLetterTopic: parts.deadLetterTopic ?? null,
    clock: () => performance.now(),
    logger: parts.logger,
  })
  const log = new ReplayLog(options.kafkaTopic, { windowMs: options.replayWindowMs, maxBytes: options.replayMaxBytes })
  const hub = new Hub()
  const duplicates = new DuplicateFilter({ windowMs: options.deduplicationWindowMs, maxIds: options.deduplicationMaxIds })
  const filters = new InternedFilters(
    { maxDistinct: options.maxDistinctFilters, maxPerUser: options.maxDistinctFiltersPerUser },
    { checked: () => metrics.filterChecks.add(1), failed: (error) => metrics.filterErrors.add(1, { error }) },
  )
  const shared = assembleShared(parts, { log, filters }, undecodable)
  const fanOut = new FanOut({
    observer: {
      delivered: (events, writes) => {
        metrics.deliveries.add(events)
        metrics.deliveryWrites.add(writes)
      },
    },
  })
  const upkeep = new Upkeep({
    intervalMs: options.heartbeatIntervalMs,
    timeoutMs: options.heartbeatTimeoutMs,
    noticeMs: options.tokenExpiringNoticeMs,
    toleranceMs: options.jwtClockToleranceMs,
    now: parts.now,
    clock: () => performance.now(),
    random: parts.random,
  })
  const channel = new Channel({
    log,
    hub,
    filters,
    fanOut,
    upkeep,
    shared,
    metrics,
    logger: parts.logger,
    received: parts.received ?? (() => {}),
    closedBecause: parts.closedBecause ?? (() => null),
    limits: options,
    isRevoked: parts.isRevoked ?? (() => false),
    revokedSessions: new RevokedSessions(parts.closeLater),
  })
  const keepSinceMs = parts.now() - options.replayWindowMs
  const lossNotices = createLossNotices({
    clock: () => performance.now(),
    announce: () => channel.announceLosses(),
  })
  const ingest = new Ingest({ ...parts, decode: guardDecode(parts), channel, duplicates, lossNotices, undecodable, keepSinceMs })
  collectMetrics(parts, { log, duplicates, channel, ingest })
  return { channel, ingest }
}

/** The abilities are those of both transports: clients of event streams send their frames over HTTP. */
function featuresOf({ options, takesSends = false }: CreateChannelParts): readonly Feature[] {
  return [
    ...(options.maxDistinctFilters > 0 ? (['filters', 'subscribe'] as const) : []),
    'token',
    ...(takesSends ? (['send'] as const) : []),
    'short-cursors',
  ]
}

interface Measured {
  readonly log: ReplayLog
  readonly duplicates: DuplicateFilter
  readonly channel: Channel
  readonly ingest: Ingest
}

function collectMetrics({ metrics, now }: CreateChannelParts, { log, duplicates, channel, ingest }: Measured): void {
  metrics.replayEntries.collect(() => log.length)
  metrics.replayBytes.collect(() => log.bytes)
  metrics.replayAge.collect(() => Math.max(0, now() - (log.oldestAppendedAtMs ?? now())) / 1000)
  metrics.deduplicationIds.collect(() => duplicates.size)
  metrics.logLag.collect(() => ingest.lag)
  metrics.sessionsCatchingUp.collect(() => channel.catchingUp)
  metrics.filters.collect(() => channel.filters.size)
}

function assembleShared(
  parts: CreateChannelParts,
  { log, filters }: { readonly log: ReplayLog; readonly filters: InternedFilters },
  undecodable: UndecodableNotices,
): SharedBySessions {
  const { options, metrics } = parts
  const control = createControlJson(options.channel, randomUUID(), options.heartbeatIntervalMs)
  const frames = new Frames(log, guardEncode(parts), observeFrames(parts, undecodable))
  return {
    log,
    reader: new Reader({ log, frames, filters }, { maxBytesPerTurn: options.socketBufferBytes }),
    features: featuresOf(parts),
    control,
    bookmark: createBookmarks(log, control),
    observer: {
      lost: (reason) => metrics.gaps.add(1, { reason }),
      replayed: (events) => metrics.eventsReplayed.add(events),
      closed: (code) => metrics.sessionsClosed.add(1, { code }),
    },
  }
}

export type ChannelOptions = Pick<
  Options,
  | 'channel'
  | 'kafkaTopic'
  | 'replayWindowMs'
  | 'replayMaxBytes'
  | 'deduplicationWindowMs'
  | 'deduplicationMaxIds'
  | 'socketBufferBytes'
  | 'heartbeatIntervalMs'
  | 'heartbeatTimeoutMs'
  | 'tokenExpiringNoticeMs'
  | 'jwtClockToleranceMs'
  | 'maxConnections'
  | 'maxConnectionsPerUser'
  | 'maxDistinctFilters'
  | 'maxDistinctFiltersPerUser'
>

export interface CreateChannelParts {
  readonly options: ChannelOptions
  /** The topic for copies of undecodable records; null: there are no copies. @default null */
  readonly deadLetterTopic?: string | null
  readonly decode: (record: LogRecord) => DecodeOutcome
  readonly encode: (content: EventContent) => Result<Buffer, DecodeFailure>
  readonly metrics: Metrics
  readonly logger: Logger
  readonly tracer: Tracer
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly observer: IngestObserver
  /** Returns the reason why no client is accepted now. @default clients are always accepted */
  readonly closedBecause?: () => 'notReady' | 'draining' | null
  /** Takes a message of a client. @default ignores it */
  readonly received?: ChannelParts['received']
  /** Returns true if the principal's token is revoked now. @default none is */
  readonly isRevoked?: ChannelParts['isRevoked']
  /** Runs the next closes of revoked sessions. @default in a later turn of the event loop */
  readonly closeLater?: (run: () => void) => void
  /** True: the gateway takes events from clients. @default false */
  readonly takesSends?: boolean
}

const broken: DecodeFailure = { reason: 'bad-data', detail: 'The gateway failed on this record. Its log line has the error.' }

/**
 * Decoding and encoding return failures. One that throws is a bug of the gateway, but the record would come again after each restart, on every
 * pod. So it is skipped like any other undecodable record, and the bug is logged.
 */
function guardDecode({ decode, logger }: CreateChannelParts): CreateChannelParts['decode'] {
  return (record) => {
    try {
      return decode(record)
    } catch (error) {
      logger.error({ err: error, partition: record.partition, offset: record.offset }, 'decoder threw, record skipped; please report this')
      return failed(broken)
    }
  }
}

function guardEncode({ encode, logger }: CreateChannelParts): CreateChannelParts['encode'] {
  return (content) => {
    try {
      return encode(content)
    } catch (error) {
      logger.error({ err: error }, 'encoder threw, event skipped; please report this')
      return failed(broken)
    }
  }
}

/** Longest time from appending to encoding that counts for the latency. An entry that is first needed later was not waited for. */
const freshMs = 1000

function observeFrames({ metrics, tracer, now }: CreateChannelParts, undecodable: UndecodableNotices): FrameObserver {
  const trace = (entry: Entry): void => {
    if (!tracer.enabled || entry.traceparent === null) return
    tracer
      .startSpan('deliver', {
        parent: entry.traceparent,
        kind: 'producer',
        attributes: { partition: entry.partition, offset: entry.offset },
      })
      .end()
  }
  return {
    encoded: (entry) => {
      metrics.eventsEncoded.add(1)
      if (now() - entry.appendedAtMs <= freshMs) metrics.deliveryLatency.observe(Math.max(0, now() - entry.timestampMs) / 1000)
      trace(entry)
    },
    broken: (entry, failure) => {
      metrics.recordsUndecodable.add(1, { reason: failure.reason })
      undecodable(entry, failure)
    },
  }
}
