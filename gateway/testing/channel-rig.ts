import type { Audience } from '../audience/audience.ts'
import type { Principal } from '../audience/principal.ts'
import type { Channel, ChannelParts } from '../channel/channel.ts'
import { type ChannelOptions, createChannel, type CreateChannelParts } from '../channel/create-channel.ts'
import type { Ingest } from '../channel/ingest.ts'
import { disabledTracer } from '../observability/disabled-tracer.ts'
import { decodeCursor } from '../replay/cursor.ts'
import type { Entry } from '../replay/entry.ts'
import { failed, ok } from '../../program/result.ts'
import type { CloseCode } from '../session/close-codes.ts'
import type { Resume } from '../session/handshake.ts'
import type { Session } from '../session/session.ts'
import type { Framing } from '../replay/framing.ts'
import type { CloseHint, Socket, SocketHandlers } from '../session/socket.ts'
import { createRecordingLogger, type LogLine } from './recording-logger.ts'
import { createRecordingMetrics, type RecordingMetrics } from './recording-metrics.ts'

/** A channel of the real parts, with records that are already decoded and sockets that record their frames. */
export interface ChannelRig {
  readonly channel: Channel
  readonly ingest: Ingest
  readonly metrics: RecordingMetrics
  /** State of reading: `opened`, `warmed-up`, or the kind of a problem. */
  readonly observed: readonly string[]
  readonly logged: readonly LogLine[]
  connect(
    principal?: Partial<Principal>,
    resume?: Resume,
    socket?: RecordingSocket,
  ): { readonly session: Session; readonly socket: RecordingSocket }
  /** Appends an event and gives its recipients their turns. */
  publish(event: {
    readonly id: string
    readonly partition?: number
    readonly offset?: number
    readonly audience?: Partial<Audience>
    readonly isBroken?: boolean
    readonly padding?: number
  }): Promise<Entry>
}

export const rigDefaults: ChannelOptions = {
  channel: 'rig',
  kafkaTopic: 'rig-topic',
  replayWindowMs: 60_000,
  replayMaxBytes: 1_000_000,
  deduplicationWindowMs: 60_000,
  deduplicationMaxIds: 10_000,
  socketBufferBytes: 4_096,
  heartbeatIntervalMs: 25_000,
  heartbeatTimeoutMs: 10_000,
  tokenExpiringNoticeMs: 30_000,
  jwtClockToleranceMs: 0,
  maxConnections: 100,
  maxConnectionsPerUser: 100,
  maxDistinctFilters: 100,
  maxDistinctFiltersPerUser: 100,
}

export type RigOptions = Partial<ChannelOptions> & Pick<CreateChannelParts, 'isRevoked' | 'closeLater'>

export function createChannelRig(
  { isRevoked, closeLater, ...options }: RigOptions = {},
  random: () => number = () => 0.5,
  closedBecause: () => 'notReady' | 'draining' | null = () => null,
  received: ChannelParts['received'] = () => {},
): ChannelRig {
  const metrics = createRecordingMetrics()
  const observed: string[] = []
  const { logger, lines: logged } = createRecordingLogger()
  const { channel, ingest } = createChannel({
    options: { ...rigDefaults, ...options },
    decode: () => failed({ reason: 'not-an-event', detail: 'the rig is given events that are already decoded' }),
    encode: (content) =>
      content.kind === 'parsed' && content.event.isBroken !== true
        ? ok(Buffer.from(JSON.stringify(content.event).slice(0, -1)))
        : failed({ reason: 'bad-data', detail: 'the test says so' }),
    metrics: metrics.metrics,
    logger,
    tracer: disabledTracer,
    now: Date.now,
    random,
    closedBecause,
    received,
    ...(isRevoked === undefined ? {} : { isRevoked }),
    ...(closeLater === undefined ? {} : { closeLater }),
    observer: {
      opened: () => observed.push('opened'),
      warmedUp: () => observed.push('warmed-up'),
      health: ({ problem }) => observed.push(problem?.kind ?? 'healthy'),
    },
  })
  ingest.opened({ epoch: 'first', startOffsets: [0, 0], endOffsets: [0, 0] })
  return {
    channel,
    ingest,
    metrics,
    observed,
    logged,
    connect: (principal = {}, resume = { kind: 'latest' }, socket = new RecordingSocket()) => ({
      session: channel.join(socket, { principal: rigPrincipal(principal), resume }),
      socket,
    }),
    publish: async ({ id, partition = 0, offset, audience = { broadcast: true }, isBroken = false, padding = 0 }) => {
      const entry = channel.append({
        partition,
        offset: offset ?? channel.log.positions[partition] ?? 0,
        audience: { broadcast: false, users: [], usernames: [], organizations: [], roles: [], ...audience },
        timestampMs: Date.now(),
        appendedAtMs: Date.now(),
        traceparent: null,
        content: { kind: 'parsed', event: { id, isBroken, padding: 'x'.repeat(padding) }, bytes: 100 + padding },
        contentBytes: 100 + padding,
      })
      await channel.settled()
      return entry
    },
  }
}

export const rigPrincipal = (over: Partial<Principal> = {}): Principal => ({
  userId: 'ann',
  username: null,
  organizationId: null,
  accountNumber: null,
  roles: [],
  expiresAtMs: null,
  issuedAtMs: null,
  tokenId: null,
  ...over,
})

const linesOf = (kind: Framing['kind']): Framing => ({ kind, before: () => Buffer.alloc(0), after: Buffer.from('\n') })

interface Received {
  readonly id: string
  readonly type?: string
  readonly cursor?: string
  readonly heartbeatms?: number
  readonly data?: Readonly<Record<string, unknown>>
}

/** A socket that records its frames. It is congested when the test sets it so. */
export class RecordingSocket implements Socket {
  readonly framing: Framing
  readonly writes: Buffer[] = []
  closedWith: { readonly code: CloseCode; readonly hint: CloseHint | undefined } | null = null
  isTerminated = false
  pings = 0
  isCongested = false
  #handlers: SocketHandlers | null = null

  /** @param kind the transport, by which the replay log shares frames. Each frame is a line for both. */
  constructor(kind: Framing['kind'] = 'websocket') {
    this.framing = linesOf(kind)
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }

  write(frames: Buffer): boolean {
    this.writes.push(frames)
    return !this.isCongested
  }

  ping(): void {
    this.pings += 1
  }

  pong(): void {
    this.#handlers?.alive()
  }

  /** Sends a message as the peer. */
  send(message: unknown): void {
    this.#handlers?.received(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)))
  }

  drain(): void {
    this.isCongested = false
    this.#handlers?.drained()
  }

  close(code: CloseCode, hint?: CloseHint): void {
    this.closedWith = { code, hint }
    this.leave()
  }

  terminate(): void {
    this.isTerminated = true
    this.leave()
  }

  /** Ends the connection from the peer's side. */
  leave(): void {
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.closed()
  }

  get received(): readonly Received[] {
    // The rig's encoder and the control events make only such objects.
    return Buffer.concat(this.writes)
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Received)
  }

  /** Returns the ids of events, and the types of control events without their prefix. */
  get ids(): readonly string[] {
    return this.received.map(({ id, type }) => (type?.startsWith('dev.carillon.') === true ? type.replace('dev.carillon.', '!') : id))
  }

  /** Returns the cursor of the last message with one, as a way to resume. */
  get resume(): Resume {
    const text = this.received.findLast(({ cursor }) => cursor !== undefined)?.cursor ?? ''
    const cursor = decodeCursor(text)
    if (!cursor.ok) throw new Error(cursor.error)
    return { kind: 'cursor', cursor: cursor.value }
  }
}
