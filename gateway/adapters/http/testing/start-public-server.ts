import { createMemoryLog, type MemoryLog } from '../../memory/memory-log.ts'
import { createOriginPolicy } from '../../../auth/origin-policy.ts'
import { options as optionTable } from '../../../config/options.ts'
import { createEmitService } from '../../../emit/emit-service.ts'
import { createRateLimiter } from '../../../emit/rate-limiter.ts'
import { encodeRecord } from '../../../event/encode-record.ts'
import { disabledTracer } from '../../../observability/disabled-tracer.ts'
import { failed, ok } from '../../../../program/result.ts'
import type { Admitted, Handshake, HandshakeRequest } from '../../../session/handshake.ts'
import type { Socket } from '../../../session/socket.ts'
import { anAdmission, aPrincipal } from '../../../testing/builders.ts'
import { createRevocationService } from '../../../revocation/revocation-service.ts'
import { Revocations } from '../../../revocation/revocations.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createPublicServer, type PublicServerParts } from '../public-server.ts'

type TestOptions = PublicServerParts['options']

export const testOptions: TestOptions = {
  channel: optionTable.channel.default,
  socketPathPrefix: optionTable.socketPathPrefix.default,
  apiPathPrefix: optionTable.apiPathPrefix.default,
  jwtCookie: optionTable.jwtCookie.default,
  maxEventBytes: 10_000,
  maxAudienceSize: 20,
  emitMaxBatch: 10,
  emitMaxBodyBytes: 50_000,
  emitTrustXRhIdentity: false,
  maxInboundFrameBytes: optionTable.maxInboundFrameBytes.default,
  socketBufferBytes: optionTable.socketBufferBytes.default,
  closeTimeoutMs: 300,
  handshakeTimeoutMs: optionTable.handshakeTimeoutMs.default,
  maxConnections: 1000,
  corsRequestHeaders: [],
}

/** The smallest body that emit-message accepts. */
export const message = (id = '1'): string => JSON.stringify({ id, type: 'test', broadcast: true })

export interface RigSettings extends Partial<Omit<PublicServerParts, 'options' | 'admission' | 'join'>> {
  readonly options?: Partial<TestOptions>
  readonly admit?: (request: HandshakeRequest, admitted: Admitted) => Promise<Handshake>
  readonly emit?: { readonly maxInFlight?: number; readonly ratePerS?: number; readonly burst?: number; readonly timeoutMs?: number }
}

/** Starts the public port on a real socket, with an in-process log behind it. Its authorizer and its admission accept every caller. */
export async function startPublicServer({ options: moreOptions, admit, emit = {}, ...more }: RigSettings = {}) {
  const log: MemoryLog = createMemoryLog({ partitions: 1, clock: Date })
  const recorded = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  const sockets: Socket[] = []
  const handshakes: HandshakeRequest[] = []
  const { maxInFlight = 1000, ratePerS = 10_000, burst = 10_000, timeoutMs = 5000 } = emit
  const options = { ...testOptions, ...moreOptions }
  const admitted = anAdmission()
  const server = createPublicServer({
    options,
    isDevelopment: false,
    isOriginAllowed: createOriginPolicy({
      allowedOrigins: ['https://app.example'],
      allowAny: false,
      isDevelopment: more.isDevelopment ?? false,
    }),
    isDraining: () => false,
    admission: {
      admit: (request) => {
        handshakes.push(request)
        return admit?.(request, admitted) ?? Promise.resolve(admitted)
      },
    },
    join: (socket) => {
      sockets.push(socket)
      socket.attach({ alive: () => {}, drained: () => {}, received: () => {}, closed: () => {} })
    },
    frames: {
      authorize: () => Promise.resolve(ok(aPrincipal())),
      post: ({ sessionId, text }) => Promise.resolve(ok(Buffer.from(JSON.stringify({ sessionId, text: text.toString() })))),
    },
    authorizer: { authorize: () => Promise.resolve(ok({ subject: 'jwt:tester', kind: 'jwt' })) },
    emitService: createEmitService({
      publisher: log.publisher(),
      rateLimiter: createRateLimiter({ ratePerS, burst, maxSubjects: 100, now: 0 }),
      encode: (event, { traceparent }) => encodeRecord(event, traceparent),
      maxInFlight,
      timeoutMs,
      tracer: disabledTracer,
      logger,
      metrics: recorded.metrics,
      clock: () => performance.now(),
    }),
    revocationAuthorizer: { authorize: () => Promise.resolve(ok({ subject: 'jwt:tester', kind: 'jwt' })) },
    revocationService: createRevocationService({
      publisher: log.publisher(),
      revocations: new Revocations({ maxEntries: 10_000, now: Date.now }),
      revoked: () => {},
      rateLimiter: createRateLimiter({ ratePerS, burst, maxSubjects: 100, now: 0 }),
      maxRevocations: 10_000,
      keepMs: 3_600_000,
      timeoutMs,
      logger,
      now: Date.now,
      clock: () => performance.now(),
    }),
    rightsVersion: () => 0,
    consoleAssets: new Map([
      [
        '/console',
        {
          contentType: 'text/html; charset=utf-8',
          body: Buffer.from('<!doctype html>'),
          headers: { 'content-security-policy': "default-src 'self'" },
        },
      ],
      ['/console/app.js', { contentType: 'text/javascript', body: Buffer.from('1'), headers: {} }],
    ]),
    issueToken: (claims) =>
      Promise.resolve(
        typeof claims === 'object' && claims !== null && 'user_id' in claims ? ok('a.b.c') : failed('The claim user_id is missing.'),
      ),
    version: '0.0.0',
    random: () => 0.5,
    metrics: recorded.metrics,
    logger,
    ...more,
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  return {
    server,
    port,
    url,
    api: `${url}/api/${options.channel}/v1`,
    log,
    lines,
    sockets,
    handshakes,
    ...recorded,
    written: () => log.endOffsets[0] ?? 0,
    stop: () => server.close({ deadlineMs: 0 }),
  }
}

export type Rig = Awaited<ReturnType<typeof startPublicServer>>
