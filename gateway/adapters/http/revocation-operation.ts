import { revocationExamples, revokedExamples } from './examples.ts'
import { tagged, sentences, json, refusals, whoMayListen, whenMinimal, preferHeader, preferenceApplied } from './operation-parts.ts'

/** Operation of `POST revocations`. */
export const revokeTokens = {
  ...tagged('Revoke'),
  operationId: 'revokeTokens',
  summary: 'Revoke tokens, and end their sessions',
  description: sentences(
    'Revokes all tokens of users or of an organization that were issued before a time, or single tokens by their `jti`.',
    'The content type does not matter: the body is read as JSON.',
    '202 is sent after Kafka has acknowledged. The pod that answers has ended the sessions; the others follow within a second.',
    'An earlier revocation is never weakened: of two times, the later one counts. Sending a request again is safe.',
  ),
  security: whoMayListen,
  parameters: [preferHeader],
  requestBody: { required: true, content: json('Revocation', revocationExamples) },
  responses: {
    '202': {
      description: `The revocations are in Kafka. ${whenMinimal}`,
      headers: preferenceApplied,
      content: json('Revoked', revokedExamples),
    },
    ...refusals(
      'bad-request',
      'not-json',
      'json-too-deep',
      'unauthenticated',
      'revoked',
      'forbidden',
      'origin-forbidden',
      'not-found',
      'request-timeout',
      'expectation-failed',
      'body-too-large',
      'batch-too-large',
      'unsupported-content-encoding',
      'too-many-requests',
      'internal-error',
      'refused-by-log',
      'overloaded',
      'not-acknowledged',
      'keys-unavailable',
      'not-ready',
      'too-many-revocations',
    ),
  },
}
