import { outboxBounds } from '../../client/send/outbox.ts'
import { cacheLimits } from '../../gateway/adapters/jose/token-verifier.ts'
import { maxKeySetBytes } from '../../gateway/adapters/jose/parse-keys.ts'
import { maxTicketFileBytes, maxTicketSecrets } from '../../gateway/adapters/jose/ticket-secrets.ts'
import { maxHeadBytes } from '../../gateway/adapters/http/bounded-server.ts'
import {
  keepAliveTimeoutMs,
  maxHeldHeadBytes,
  maxPipelinedBytes,
  maxPipelinedRequests,
  maxUnansweredRequests,
  shortKeepAliveTimeoutMs,
} from '../../gateway/adapters/http/connection-guard.ts'
import { internalHeadTimeoutMs, maxInternalConnections } from '../../gateway/adapters/http/internal-server.ts'
import { gatewayMaxAnswerBytes } from '../../gateway/adapters/kafka/client.ts'
import { maxFetchBytes } from '../../gateway/adapters/kafka/consume/asked-fetch.ts'
import { handlersMs } from '../../gateway/adapters/kafka/consume/leader-loop.ts'
import { fetchGapMs } from '../../gateway/adapters/kafka/consume/topic-reader.ts'
import { leastFetch } from '../../gateway/adapters/kafka/dead-letters/dead-letter-run.ts'
import { idleMs as producerIdleMs, maxProducers } from '../../gateway/adapters/kafka/dead-letters/kafka-transactions.ts'
import { maxBytesPerTransaction, maxRecordsPerTransaction, maxRefusals } from '../../gateway/adapters/kafka/dead-letters/letter-copier.ts'
import { maxQueuedBytes } from '../../gateway/adapters/kafka/publish/publish-queue.ts'
import { maxDecompressedBytes } from '../../gateway/adapters/kafka/records/codecs.ts'
import { maxHeaderBytesPerRecord, maxHeadersPerRecord } from '../../gateway/adapters/kafka/records/raw-headers.ts'
import { maxRecordsPerStep } from '../../gateway/adapters/kafka/records/read-records.ts'
import { keepBytes } from '../../gateway/adapters/kafka/records/wasm-codecs.ts'
import { maxScramIterations } from '../../gateway/adapters/kafka/scram.ts'
import { firstTimeoutMs, maxTimeoutMs } from '../../gateway/adapters/kafka/wire/discovery.ts'
import { maxThrottleMs } from '../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import { defaultCacheSize, maxCachedLength } from '../../gateway/audience/audience-reader.ts'
import { maxTokenBytes } from '../../gateway/auth/authenticator.ts'
import { maxCookiePieces } from '../../gateway/auth/find-token.ts'
import { defaultNoticeEveryMs } from '../../gateway/channel/loss-notices.ts'
import { defaultWarningEveryMs } from '../../gateway/channel/undecodable-notices.ts'
import { maxCharacters, maxRows } from '../../gateway/console/page/event-log.ts'
import { defaultMaxSubjects } from '../../gateway/emit/rate-limiter.ts'
import { maxSearchedBytes } from '../../gateway/event/explain-json.ts'
import { leastMaxLongNumbers, leastMaxNames } from '../../gateway/event/json-text.ts'
import { maxExpressionDepth, maxExpressionNodes, maxFilterDepth, maxFilterLeaves } from '../../gateway/filter/dialects.ts'
import { maxTextLength } from '../../gateway/filter/cesql/functions.ts'
import { maxSteps } from '../../gateway/filter/cesql/run.ts'
import { filterWorkPerTurn } from '../../gateway/session/reader.ts'
import { maxHeaderBytes } from '../../gateway/event/record-header.ts'
import { maxMembers } from '../../gateway/event/structured-event.ts'
import { maxCursorLength, maxCursorPartitions } from '../../gateway/replay/cursor.ts'
import { compressionBounds } from '../../gateway/replay/frames.ts'
import { lossBytes } from '../../gateway/replay/position-index.ts'
import { maxInFlight as maxFramesInFlight } from '../../gateway/inbound/pending-frames.ts'
import { ruleBounds } from '../../gateway/config/accept-rule.ts'
import { gatheringMs, maxRestMs } from '../../gateway/channel/pace.ts'
import { schemaBounds } from '../../gateway/config/data-schema.ts'
import { maxSenders } from '../../gateway/upstream/accept.ts'
import { maxValueBytes } from '../../gateway/revocation/control-record.ts'
import { maxRecordsPerRound, roundMs } from '../../gateway/revocation/control-upkeep.ts'
import { maxSubjects } from '../../gateway/revocation/parse-revocation.ts'
import { maxSubjectsInFlight } from '../../gateway/revocation/revocation-service.ts'
import { maxNameLength } from '../../gateway/revocation/subject.ts'
import { maxUnreadAnswers } from '../../gateway/session/session.ts'
import { boundsOfChannels, boundsOfOwn } from '../../operator/adapters/kafka/topic-admins.ts'
import { defaultMaxAtOnce, defaultMaxWaitMs } from '../../operator/adapters/kafka/bounded-lookup.ts'
import { otherOperatorsPeriodMs } from '../../operator/operator.ts'
import { defaultMaxChannels, maxHeals, maxPauseMs, windowMs } from '../../operator/reconcile/apply/heal-meter.ts'
import { shownCharacters, shownViolations } from '../../operator/reconcile/class/resolve-channel.ts'
import { defaultMaxPlaces, maxPlacesOfRoute } from '../../operator/reconcile/route/other-routes.ts'
import { maxPathLength } from '../../operator/reconcile/route/places-of-route.ts'

const many = (count: number): string => count.toLocaleString('en-US')
const seconds = (ms: number): string => `${ms / 1_000} s`
const inWords = (count: number): string => ({ 2: 'two', 3: 'three', 10: 'ten' })[count] ?? many(count)
const minutes = (ms: number): string => `${inWords(ms / 60_000)} minutes`
const kib = (bytes: number): string => `${bytes / 1_024} KiB`
const mib = (bytes: number): string => `${bytes / 1_048_576} MiB`

/**
 * Phrases of docs/limits.md, by the name of their row, made of the constants of the code. Most tests of these limits use the constant, or a
 * smaller number, so they stay green when the constant changes. limits.test.ts then finds that the page has another number.
 */
export const fixedLimits: Readonly<Record<string, readonly string[]>> = {
  'events that the outbox of `@carillon/client/send` keeps, in the page': [
    `fixed: ${outboxBounds.maxCount} and ${many(outboxBounds.maxBytes)} bytes`,
  ],
  "events that the console's page keeps, in the browser": [`fixed: ${many(maxRows)}, of ${many(maxCharacters)} characters together`],
  'tokens, in bytes': [`fixed: ${many(maxTokenBytes)}`],
  'filters inside one another': [`fixed: ${maxFilterDepth} levels`],
  "attributes and expressions of a connection's filters": [`fixed: ${maxFilterLeaves} together`],
  'operators, functions, names and literals of an expression': [`fixed: ${maxExpressionNodes}, at ${maxExpressionDepth} levels`],
  'steps of the expressions of a filter for one event': [`fixed: ${many(maxSteps)}, and texts of ${many(maxTextLength)} characters`],
  'the wait of an event for others to share its write': [`fixed: ${maxRestMs} ms after`, `${gatheringMs} ms when`],
  'work of filters in one turn of a session': [`fixed: ${many(filterWorkPerTurn)} steps and bytes`],
  'events that one turn of a session compresses, with `WS_COMPRESSION=on`': [`fixed: ${many(compressionBounds.mostBytes)} bytes`],
  'cookies that hold the pieces of one token': [`fixed: ${maxCookiePieces}, and ${many(maxTokenBytes)} bytes together`],
  'cursors, in characters': [`fixed: ${many(maxCursorLength)}`],
  'partitions that a cursor names': [`fixed: ${many(maxCursorPartitions)}`],
  'TCP connections of the internal port': [`fixed: ${maxInternalConnections}`],
  'the time for which an idle TCP connection is kept': [
    `fixed: ${seconds(keepAliveTimeoutMs)}, and ${seconds(shortKeepAliveTimeoutMs)} while`,
  ],
  'requests of a connection that wait for their answers': [`fixed: ${maxUnansweredRequests};`],
  'requests that wait behind another one of their connection, over all connections': [
    `fixed: ${many(maxPipelinedRequests)}, with ${mib(maxPipelinedBytes)} of heads`,
  ],
  'the time in which a client reads an answer': [`${seconds(3 * internalHeadTimeoutMs)} on the internal port`],
  'heads of requests that have begun and not ended, and of those whose answers are not read, in bytes, over all connections': [
    `fixed: ${mib(maxHeldHeadBytes)}`,
  ],
  'heads of requests, in bytes': [`fixed: ${kib(maxHeadBytes)}`],
  'an answer of the key server, also through a proxy and with a private authority': [`fixed: ${mib(maxKeySetBytes)}`],
  'secrets of resume tickets': [`fixed: ${maxTicketSecrets}`, kib(maxTicketFileBytes)],
  'verified tokens that are remembered': [`fixed: ${many(cacheLimits.maxTokens)}, of ${mib(cacheLimits.maxBytes)} together`],
  'members and long numbers of JSON in a body or record': [
    `fixed: ${many(leastMaxNames)} members of objects`,
    `${many(leastMaxLongNumbers)} numbers`,
  ],
  'members of an event in the JSON format': [`fixed: ${many(maxMembers)}`],
  'frames of a connection that have no answer yet': [`fixed: ${maxFramesInFlight}`],
  'frames over HTTP that have no answer yet, of a user': [`fixed: ${maxFramesInFlight}`],
  'answers to frames that a client has not read': [`fixed: ${maxUnreadAnswers}`],
  'pairs of a user and a rule whose rate of sending is counted': [`fixed: ${many(maxSenders)};`],
  'rules of a channel': [`fixed: ${ruleBounds.rules},`, `${many(ruleBounds.bytes)} bytes`],
  'the schema of a rule': [`fixed: ${many(schemaBounds.bytes)} bytes and ${schemaBounds.depth} levels`],
  'work of a schema for the data of an event': [`fixed: ${many(schemaBounds.work)},`],
  'emitters whose rate is counted': [`fixed: ${many(defaultMaxSubjects)};`],
  'attributes and audience of an event, as headers of its record': [`fixed: ${many(maxHeaderBytes)} bytes`],
  'bytes of a body in which the place of a JSON error is searched for': [`fixed: ${many(maxSearchedBytes)};`],
  'users or tokens of one revocation': [`fixed: ${many(maxSubjects)} names, each of at most ${maxNameLength} characters`],
  'revocations that wait for the brokers': [`fixed: ${many(maxSubjectsInFlight)} names`],
  'records that a pod writes to keep the control topic': [
    `fixed: ${many(maxRecordsPerRound)} in a round, and a round each ${roundMs / 4_000} to ${seconds(roundMs)}`,
  ],
  'a record of the control topic, in bytes': [`fixed: ${many(maxValueBytes)} for the value`],
  'warnings about records that cannot be decoded': [`fixed: one per pod in ${seconds(defaultWarningEveryMs)};`],
  'audiences that are remembered': [
    `fixed: two generations of ${many(defaultCacheSize)} texts, each of at most ${maxCachedLength} characters`,
  ],
  'an answer of a broker, in bytes': [
    `fixed: ${mib(gatewayMaxAnswerBytes)} for a gateway; ${mib(boundsOfOwn.maxAnswerBytes)} for the operator from its own brokers`,
    `and ${mib(boundsOfChannels.maxAnswerBytes)} from brokers that a channel names`,
  ],
  'topics in an answer of a broker': [`the operator requests ${boundsOfChannels.maxTopics} at a time`],
  'iterations of SCRAM that a broker asks for': [`fixed: ${many(maxScramIterations)}`],
  'heals of one field of an object': [
    `fixed: ${inWords(maxHeals)} in ${minutes(windowMs)}, then one after a pause that doubles up to ${minutes(maxPauseMs)}`,
  ],
  'channels whose heals are counted': [`fixed: ${many(defaultMaxChannels)};`],
  'Leases of other operators that are read': [`each every ${seconds(otherOperatorsPeriodMs)} at most`],
  'lookups of names of brokers that channels name': [
    `fixed: ${inWords(defaultMaxAtOnce)} at a time; a lookup that has waited for ${seconds(defaultMaxWaitMs)}`,
  ],
  'the time of an answer': [
    `${seconds(firstTimeoutMs)} for the metadata (up to ${seconds(maxTimeoutMs)} when`,
    `a broker's throttle adds ${seconds(maxThrottleMs)} at most`,
  ],
  'bytes fetched at a time': [`fixed: ${mib(maxFetchBytes)} from a leader`, `(${kib(leastFetch.bytes)} for dead letters)`],
  'fetches from a leader': [`a handler took longer than ${handlersMs} ms`, `one in ${fetchGapMs} ms`],
  'a batch, decompressed': [`fixed: ${mib(maxDecompressedBytes)},`],
  'records of a batch': [`fixed: ${many(maxRecordsPerStep)} are decoded at a time`],
  'headers of a record': [`fixed: ${many(maxHeadersPerRecord)}, of ${mib(maxHeaderBytesPerRecord)} together`],
  'memory of the codecs between two batches': [`fixed: ${mib(keepBytes)};`],
  'dead letters of a transaction': [`fixed: ${maxRecordsPerTransaction}, of ${many(maxBytesPerTransaction)} bytes together`],
  'attempts to copy a dead letter that the brokers refuse': [`fixed: ${maxRefusals};`],
  'producers of dead letters': [`fixed: ${maxProducers} open at a time, closed after ${seconds(producerIdleMs)} without use`],
  'events that wait for the brokers, in bytes': [`fixed: ${mib(maxQueuedBytes)}`],
  'notices of losses to clients': [`fixed: one in ${seconds(defaultNoticeEveryMs)}`],
  'places of lost records that are remembered': [`${lossBytes} bytes each`],
  'violations of a class that a condition names': [`fixed: ${shownViolations}, and ${shownCharacters} characters of each value`],
  'hosts and paths of Ingresses and HTTPRoutes of others': [
    `fixed: ${many(defaultMaxPlaces)} together, ${maxPlacesOfRoute} of one route, paths of ${many(maxPathLength)} characters`,
  ],
}

/** Rows whose own test has the number and uses the constant of the code: it fails when either changes. */
export const numbersInTheirTests: readonly string[] = [
  'the id of a request that the caller chooses, in characters',
  'unknown members of a message that an answer names',
  'unknown members of an audience that an answer names',
  'quoted text of a broker, in characters',
  'reconciles of a channel because its status, or that of a channel with the same topic or path, claims something else',
  'unhandled bytes of a partition',
  'channels of a changed class that are reconciled in a second',
  'routes of others that a condition names',
]
