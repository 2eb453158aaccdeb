import { sleep, withDeadline } from '../program/waiting.ts'
import { createInternalServer } from './adapters/http/internal-server.ts'
import type { ConsoleAsset } from './adapters/http/routes.ts'
import { createPublicServer, type PublicServer } from './adapters/http/public-server.ts'
import { attachWebSocketUpgrade } from './adapters/ws/upgrade.ts'
import type { Authenticator } from './auth/authenticator.ts'
import { createOriginPolicy, type OriginPolicy } from './auth/origin-policy.ts'
import { channelPaths } from './config/channel-paths.ts'
import { dlqTopicOf } from './config/dead-letter-topic.ts'
import type { Config } from './config/options.ts'
import { acceptRulesOf, frameRatesOf, maxFrameBytesOf, upstreamTopicOf } from './config/upstream.ts'
import { createEmitAuthorizer } from './emit/authorize-emit.ts'
import { createEmitService } from './emit/emit-service.ts'
import type { EventPublisher } from './emit/event-publisher.ts'
import { createRateLimiter, type RateLimiter } from './emit/rate-limiter.ts'
import { createRecordDecoder } from './event/decode-record.ts'
import { encodeEvent } from './event/encode-event.ts'
import { encodeRecord } from './event/encode-record.ts'
import { createAdmission } from './channel/admission.ts'
import type { Channel } from './channel/channel.ts'
import { createChannel, warmUpMs } from './channel/create-channel.ts'
import { drainSessions } from './channel/drain.ts'
import { createHealth, type Degradation, type Health } from './observability/health.ts'
import { createControlHealth } from './observability/control-health.ts'
import { createHttpFrames } from './inbound/http-frames.ts'
import { createInbound, type Inbound } from './inbound/inbound.ts'
import type { Send } from './inbound/send.ts'
import { createRenewToken, renewTokenType } from './inbound/renew-token.ts'
import { createSubscribe, subscribeType } from './inbound/subscribe.ts'
import type { Logger } from '../program/log/logger.ts'
import { createReadingHealth } from './observability/reading-health.ts'
import type { Metrics } from './observability/metrics.ts'
import type { Tracer } from './observability/tracer.ts'
import type { RecordSource } from './replay/record-source.ts'
import { type ControlLog, createRevocation, type Revocation } from './revocation/create-revocation.ts'
import type { JoinChannel } from './session/handshake.ts'
import type { Result } from '../program/result.ts'
import type { CompileSchema } from './upstream/data-validator.ts'
import { createUpstream } from './upstream/upstream.ts'

/** The outside world of a gateway, behind the core's ports. `adapters.ts` makes the real adapters. */
export interface GatewayAdapters {
  readonly source: RecordSource
  readonly publisher: EventPublisher
  /** The topic of the revocations, for reading and writing; null: tokens cannot be revoked. */
  readonly control: ControlLog | null
  /** Appends what browsers send to the upstream topic; null: the gateway takes nothing from them. */
  readonly upstreamPublisher: EventPublisher | null
  /** Makes the checks of data by schemas; null: no rule has a schema. */
  readonly compileSchema: CompileSchema | null
  /** Copies undecodable records, together with the other pods; null: no copies. */
  readonly deadLetters: { start(): Promise<void> | void; stop(): Promise<void> } | null
  readonly authenticator: Authenticator
  /** Fetches the authenticator's keys; null: they need no fetching. */
  readonly keys: { start(): Promise<void>; stop(): Promise<void>; hasKeys(): boolean } | null
  /** Signs any claims; null: not in development mode. */
  readonly issueToken: ((claims: unknown) => Promise<Result<string, string>>) | null
  readonly consoleAssets: ReadonlyMap<string, ConsoleAsset> | null
  readonly metrics: Metrics
  /** The metrics in the form that the internal port serves. */
  readonly metricsPage: { readonly contentType: string; render(): Promise<string> }
  readonly logger: Logger
  readonly tracer: Tracer
  readonly stopTracing: () => Promise<void>
  readonly version: string
}

export interface Gateway {
  readonly ports: { readonly public: number; readonly internal: number }
  readonly channel: Channel
  readonly health: Health
  /** Drains, flushes, and releases everything. Idempotent. */
  stop(): Promise<void>
}

/**
 * Starts a gateway. Resolves when its ports are open and it reads the topic. `/readyz` shows when it has warmed up.
 * @throws if it can never work with this configuration
 */
export async function startGateway(config: Config, adapters: GatewayAdapters): Promise<Gateway> {
  const core = assemble(config, adapters)
  const ports = await begin(config, adapters, core).catch(async (error: unknown) => {
    // The caller may continue without this gateway, and gets its ports back.
    core.drain.isDraining = true
    await Promise.all([core.publicServer.close({ deadlineMs: portCloseMs }), core.internalServer.close({ deadlineMs: portCloseMs })])
    throw error
  })
  adapters.logger.info({ port: ports.public, internalPort: ports.internal, channel: config.channel, topic: config.kafkaTopic }, 'listening')
  let stopped: Promise<void> | null = null
  return { ports, channel: core.channel, health: core.health, stop: () => (stopped ??= stopGateway(config, adapters, core)) }
}

async function begin(config: Config, adapters: GatewayAdapters, core: Core): Promise<Gateway['ports']> {
  const internal = await core.internalServer.listen({ host: config.internalHost, port: config.internalPort })
  // Keys come before the public port, because an early token could not be verified.
  await adapters.keys?.start()
  watchKeys(adapters, core)
  const publicPort = await core.publicServer.listen({ host: config.host, port: config.port })
  core.health.set('listening', null)
  if (adapters.deadLetters === null) adapters.metrics.dlqHealthy.set(1)
  await Promise.all([core.revocation.start(), adapters.source.start(core.ingest, { sinceMs: Date.now() - warmUpMs(config) })])
  await adapters.deadLetters?.start()
  return { public: publicPort.port, internal: internal.port }
}

type Core = ReturnType<typeof assemble>

/** Deadline for closing a port without sessions, in milliseconds. */
const portCloseMs = 100
const keysPollMs = 250

/** Keeps the pod unready until it has keys. They may come late if the identity provider starts later, and they stay. */
function watchKeys(adapters: GatewayAdapters, core: Core): void {
  const checkKeys = (): boolean => {
    const hasKeys = adapters.keys?.hasKeys() ?? true
    if (hasKeys) core.health.set('keys', null)
    return hasKeys
  }
  if (checkKeys()) return
  const timer = setInterval(() => {
    if (checkKeys() || core.drain.isDraining) clearInterval(timer)
  }, keysPollMs)
  timer.unref()
}

/** Puts the parts together. Starts nothing. */
function assemble(config: Config, outside: GatewayAdapters) {
  const { metrics, logger } = outside
  const drain = { isDraining: false }
  const { health, readingHealth, controlHealth } = assembleHealth(config, outside)
  const emitRates = createRateLimiter({ ratePerS: config.emitRatePerS, burst: config.emitBurst, now: performance.now() })
  metrics.rateLimitedEmitters.collect(() => emitRates.size())
  const revocation = createRevocation({
    ...outside,
    options: config,
    revoked: (subjects) => channel.revoke(subjects),
    rateLimiter: emitRates,
    observer: controlHealth,
    now: Date.now,
    clock: () => performance.now(),
    random: Math.random,
  })
  const adapters: GatewayAdapters = { ...outside, authenticator: revocation.authenticator }
  const { channel, ingest } = createChannel({
    options: config,
    received: (session, text) => inbound.receive(session, text),
    takesSends: adapters.upstreamPublisher !== null,
    deadLetterTopic: adapters.deadLetters === null ? null : dlqTopicOf(config),
    decode: createRecordDecoder({ maxEventBytes: config.maxEventBytes, maxAudienceNames: config.maxAudienceSize }),
    encode: encodeEvent,
    metrics,
    logger,
    tracer: adapters.tracer,
    now: Date.now,
    random: Math.random,
    closedBecause: () => (drain.isDraining ? 'draining' : health.ready().ok ? null : 'notReady'),
    isRevoked: revocation.isRevoked,
    observer: {
      opened: () => health.set('log-opened', null),
      warmedUp: () => health.set('warmed-up', null),
      health: (state) => readingHealth.report(state),
    },
  })
  const inbound = assembleInbound(config, adapters, channel)
  const { publicServer, sockets } = assemblePublicPort(config, adapters, { channel, inbound, drain, revocation, emitRates })
  const internalServer = createInternalServer({
    health: { ...health, degraded: () => [...health.degraded(), ...controlHealth.degraded(), ...shortages(channel, publicServer)] },
    page: adapters.metricsPage,
    metrics,
    logger,
  })
  return { channel, ingest, revocation, health, readingHealth, controlHealth, publicServer, internalServer, sockets, drain }
}

function assembleHealth(config: Config, { metrics, logger }: GatewayAdapters) {
  const health = createHealth({ onReadyChanged: ({ ok, waitingFor }) => logger.info({ ready: ok, waitingFor }, 'readiness changed') })
  const readingHealth = createReadingHealth({
    health,
    metrics,
    logger,
    unreadyAfterMs: config.kafkaUnreadyAfterMs,
    clock: () => performance.now(),
  })
  const controlHealth = createControlHealth({
    health,
    metrics,
    logger,
    unreadyAfterMs: config.revocationUnreadyAfterMs,
    clock: () => performance.now(),
  })
  return { health, readingHealth, controlHealth }
}

/** Assembles what clients reach: both transports of the channel, the Emit API, the console. */
function assemblePublicPort(
  config: Config,
  adapters: GatewayAdapters,
  { channel, inbound, drain, revocation, emitRates }: PublicPortParts,
) {
  const { metrics, logger } = adapters
  const isOriginAllowed = createOriginPolicy({
    allowedOrigins: config.allowedOrigins,
    allowAny: config.dangerouslyAllowAnyOrigin,
    isDevelopment: config.isDevelopment,
  })
  const options = { ...config, ...frameRatesOf(config), maxInboundFrameBytes: maxFrameBytesOf(config) }
  const join: JoinChannel = (socket, admitted) => void channel.join(socket, admitted)
  const admission = createAdmission({
    channel,
    authenticator: adapters.authenticator,
    cookieName: config.jwtCookie,
    isOriginAllowed,
    isDevelopment: config.isDevelopment,
    rate: { ratePerS: config.upgradeRatePerS, burst: config.upgradeBurst },
    maxVerifications: config.upgradeBurst,
    filters: { maxBytes: config.maxFilterBytes, maxDistinct: config.maxDistinctFilters },
    metrics,
    now: Date.now,
  })
  const publicServer = createPublicServer({
    admission,
    join,
    ...assembleEmit(config, adapters, { originPolicy: isOriginAllowed, revocation, emitRates }),
    frames: createHttpFrames({
      authenticator: adapters.authenticator,
      originPolicy: isOriginAllowed,
      cookieName: config.jwtCookie,
      isDevelopment: config.isDevelopment,
      find: (sessionId) => channel.hub.find(sessionId),
      inbound,
      describe: (event) => channel.describe(event),
    }),
    options,
    consoleAssets: adapters.consoleAssets,
    issueToken: adapters.issueToken,
    isOriginAllowed,
    isDevelopment: config.isDevelopment,
    isDraining: () => drain.isDraining,
    version: adapters.version,
    random: Math.random,
    metrics,
    logger,
  })
  const sockets = attachWebSocketUpgrade(publicServer.server, {
    admission,
    join,
    path: channelPaths(config).socket,
    options,
    isDevelopment: config.isDevelopment,
    metrics,
    logger,
    now: Date.now,
    refused: publicServer.socketRefused,
  })
  return { publicServer, sockets }
}

/** Assembles what clients send on their connections. */
function assembleInbound(config: Config, adapters: GatewayAdapters, channel: Channel) {
  const { authenticator, metrics, logger } = adapters
  const clock = (): number => performance.now()
  const renewToken = createRenewToken({
    authenticator,
    renew: (session, principal, answer) => channel.renew(session, principal, answer),
    now: Date.now,
  })
  const subscribe = createSubscribe({
    subscribe: (session, filter, id) => channel.subscribe(session, filter, id),
    bounds: { maxBytes: config.maxFilterBytes, maxDistinct: config.maxDistinctFilters },
  })
  const { userFramesPerS, userFramesBurst } = frameRatesOf(config)
  return createInbound({
    commands: new Map([
      [renewTokenType, renewToken],
      [subscribeType, subscribe],
    ]),
    send: assembleSend(config, adapters),
    rateLimiter: createRateLimiter({ ratePerS: userFramesPerS, burst: userFramesBurst, now: clock() }),
    metrics,
    logger,
    clock,
  })
}

/** Assembles the way of an event from a client to the upstream topic. It depends on no connection. */
function assembleSend(config: Config, adapters: GatewayAdapters): Send | null {
  const { upstreamPublisher: upstream, compileSchema, publisher, tracer, logger, metrics } = adapters
  if (upstream === null) return null
  return createUpstream({
    channel: config.channel,
    rules: acceptRulesOf(config),
    compile: compileSchema ?? noSchemas,
    upstream,
    delivery: publisher,
    topic: upstreamTopicOf(config),
    maxInFlight: config.upstreamMaxInFlight,
    timeoutMs: config.kafkaProduceTimeoutMs,
    recent: { windowMs: config.deduplicationWindowMs, maxIds: config.deduplicationMaxIds },
    isDevelopment: config.isDevelopment,
    tracer,
    logger,
    metrics,
    clock: () => performance.now(),
    now: Date.now,
  })
}

/** A rule with a schema must never be without its check. */
const noSchemas: CompileSchema = () => {
  throw new Error('a rule has a schema, and the adapters have no compiler of schemas')
}

interface EmitRightsParts {
  readonly originPolicy: OriginPolicy
  readonly revocation: Revocation
  /** Counts the rates of callers, which emit and revoke. */
  readonly emitRates: RateLimiter
}

interface PublicPortParts extends Omit<EmitRightsParts, 'originPolicy'> {
  readonly channel: Channel
  readonly inbound: Inbound
  readonly drain: { readonly isDraining: boolean }
}

/** Assembles what services and administrators ask for. */
function assembleEmit(config: Config, adapters: GatewayAdapters, { originPolicy, revocation, emitRates: rateLimiter }: EmitRightsParts) {
  const { metrics, logger, tracer, authenticator, publisher } = adapters
  const who = { originPolicy, authenticator, isDevelopment: config.isDevelopment, cookieName: config.jwtCookie }
  const authorizer = createEmitAuthorizer({ ...who, scopes: config.emitScopes, trustXRhIdentity: config.emitTrustXRhIdentity })
  // The identity that a proxy sets has no scopes, so it revokes nothing.
  const revocationAuthorizer = createEmitAuthorizer({
    ...who,
    purpose: 'revoking tokens',
    scopes: config.revocationScopes,
    trustXRhIdentity: false,
  })
  const emitService = createEmitService({
    publisher,
    rateLimiter,
    encode: (event, { traceparent }) => encodeRecord(event, traceparent),
    maxInFlight: config.emitMaxInFlight,
    timeoutMs: config.kafkaProduceTimeoutMs,
    tracer,
    logger,
    metrics,
    clock: () => performance.now(),
  })
  return { authorizer, emitService, revocationAuthorizer, revocationService: revocation.service, rightsVersion: revocation.version }
}

/** Returns the limits that are reached, for readiness. The pod still serves the clients that it has. */
function shortages(channel: Channel, publicServer: PublicServer): readonly Degradation[] {
  const connections = publicServer.shortage()
  const sessions = channel.limitFor('') === 'overloaded' ? 'Session limit reached (MAX_CONNECTIONS). Raise it, or add pods.' : null
  return [
    { kind: 'connections', detail: connections },
    { kind: 'sessions', detail: sessions },
  ].flatMap(({ kind, detail }) => (detail === null ? [] : [{ partition: null, kind, detail }]))
}

/** Stops in this order: unready, drained, flushed, released. So no acknowledged event is lost, and no client is sent to a pod that is stopping. */
async function stopGateway(config: Config, adapters: GatewayAdapters, core: Core): Promise<void> {
  core.health.set('not-draining', 'the gateway is stopping')
  core.drain.isDraining = true
  await sleep(config.drainDelayMs)
  await drainSessions(core.channel.hub, {
    periodMs: config.drainMs,
    signal: new AbortController().signal,
    random: Math.random,
    wait: sleep,
  })
  await core.sockets.stop()
  await core.publicServer.close({ deadlineMs: config.stopTimeoutMs })
  const flushed = await Promise.allSettled(
    [adapters.publisher, adapters.upstreamPublisher].map((publisher) => publisher?.stop({ deadlineMs: config.stopTimeoutMs })),
  )
  // A step that hangs, for example on a broker that does not answer, loses nothing. A step that fails does not keep others from their end.
  const released = Promise.allSettled([
    adapters.source.stop(),
    core.revocation.stop({ deadlineMs: config.stopTimeoutMs }),
    adapters.deadLetters?.stop(),
    adapters.keys?.stop(),
    adapters.stopTracing(),
  ])
  const outcomes = await withDeadline(released, config.stopTimeoutMs, () => [])
  for (const outcome of [...flushed, ...outcomes])
    if (outcome.status === 'rejected') adapters.logger.error({ err: outcome.reason }, 'shutdown step failed')
  core.readingHealth.stop()
  core.controlHealth.stop()
  await core.internalServer.close({ deadlineMs: portCloseMs })
}
