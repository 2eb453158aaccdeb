import type { FastifyReply, FastifyRequest } from 'fastify'
import type { EmitAuthorizer } from '../../emit/authorize-emit.ts'
import { failed } from '../../../program/result.ts'
import type { Problem } from '../../request/problem.ts'
import { parseRevocation } from '../../revocation/parse-revocation.ts'
import type { RevocationService, WrittenRevocation } from '../../revocation/revocation-service.ts'
import { subjectKey } from '../../revocation/subject.ts'
import { readCredentials } from './credentials.ts'
import { readPreference } from './preferences.ts'
import { replyEmpty, replyJson, replyProblem } from './replies.ts'
import type { BodyReader } from './request-body.ts'

export interface RevocationRouteParts {
  /** Decides who may revoke. */
  readonly revocationAuthorizer: EmitAuthorizer
  /** null: the gateway has no control topic. */
  readonly revocationService: RevocationService | null
  /** Returns a number that changes with each revocation. */
  readonly rightsVersion: () => number
  readonly bodies: BodyReader
}

/**
 * Answers `POST revocations`, docs/protocol.md section 11. The answer 202 is sent after Kafka has acknowledged, and after this pod has applied
 * the revocation.
 */
export function revokeTokens(parts: RevocationRouteParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { revocationAuthorizer: authorizer, revocationService: service, rightsVersion, bodies } = parts
  return async (request, reply) => {
    const credentials = readCredentials(request.headers)
    const rights = rightsVersion()
    const authorized = await authorizer.authorize(credentials)
    if (!authorized.ok) return replyProblem(reply, authorized.error)
    if (service === null) return replyProblem(reply, withoutTopic)
    const outcome = await bodies.withBody({ request: request.raw, response: reply.raw }, async (body) => {
      const read = parseRevocation(body, Date.now())
      if (!read.ok) return read
      // The body may have taken a while, and the caller's own token may be revoked since.
      const by = rightsVersion() === rights ? authorized : await authorizer.authorize(credentials)
      return by.ok ? service.revoke(read.value, { by: by.value, requestId: request.id }) : failed(by.error)
    })
    if (!outcome.ok) return replyProblem(reply, outcome.error)
    const { isMinimal, applied } = readPreference(request.headers['prefer']?.toString())
    if (applied !== null) reply.header('preference-applied', applied)
    return isMinimal ? replyEmpty(reply, 202) : replyJson(reply, 202, { revocations: outcome.value.map(describe) })
  }
}

const describe = ({ subject, issuedBeforeMs, untilMs }: WrittenRevocation): unknown => ({
  subject: subjectKey(subject),
  issuedBefore: new Date(issuedBeforeMs).toISOString(),
  until: new Date(untilMs).toISOString(),
})

const withoutTopic: Problem = {
  type: 'not-found',
  detail:
    'This gateway keeps no revocations, because it has no control topic. Create a compacted topic, and set KAFKA_CONTROL_TOPIC to its name on all pods.',
}
