import { isRecord } from '../../program/is-record.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { readToken, tokenFlags } from '../bearer-token.ts'
import { defineCommand, type Flags, type Given, refuse } from '../command.ts'
import { createSender } from '../emit/send.ts'
import { describeRefusal } from '../problem.ts'
import { aboutUrl, readTarget, targetFlags } from '../target.ts'
import { readWholeNumber } from '../whole-number.ts'

const flags = {
  user: { type: 'string', value: 'ID', multiple: true, sentence: 'Revoke the tokens of this user.' },
  organization: { type: 'string', value: 'ID', sentence: 'Revoke the tokens of all users of this organization.' },
  'token-id': { type: 'string', value: 'JTI', multiple: true, sentence: 'Revoke the token with this id (the claim jti).' },
  'issued-before': {
    type: 'string',
    value: 'TIME',
    sentence: 'Revoke only tokens that were issued before this time, such as 2026-01-31T12:00:00Z. Default: now.',
  },
  retries: { type: 'string', value: 'N', sentence: 'Attempts after a failed one. Default: 5.' },
  json: { type: 'boolean', sentence: 'Print the answer as one line of JSON.' },
  ...tokenFlags,
  ...targetFlags,
} as const satisfies Flags

type RevokeGiven = Given<keyof typeof flags>

export const revoke = defineCommand({
  name: 'revoke',
  summary: 'end sessions, and refuse their tokens',
  about: [aboutUrl, 'Give --user, --organization or --token-id. The token needs the scope for it: docs/authentication.md, Revocation.'],
  flags,
  examples: [
    'carillon revoke http://localhost:8000 --user ann --user bob',
    'carillon revoke https://push.example.com --channel orders --organization o1 --token-file admin.jwt',
  ],
  run: async (given, world) => {
    const target = readTarget(given)
    if (!target.ok) return refuse(world, 'usage', target.error)
    const token = readToken(given, world)
    if (!token.ok) return refuse(world, 'usage', token.error)
    const retries = readWholeNumber(given.text('retries'), { flag: 'retries', least: 0, most: 100, fallback: 5 })
    if (!retries.ok) return refuse(world, 'usage', retries.error)
    const body = readBody(given)
    if (!body.ok) return refuse(world, 'usage', body.error)
    const sender = createSender({ token: token.value, maxRetries: retries.value, world })
    const outcome = await sender.send({ url: target.value.revocations, contentType: 'application/json', body: JSON.stringify(body.value) })
    switch (outcome.kind) {
      case 'accepted':
        world.out(given.has('json') ? `${outcome.text}\n` : renderRevoked(outcome.text))
        return 'ok'
      case 'refused':
        return refuse(world, 'failed', `The gateway refuses the revocation: ${describeRefusal(outcome.refusal)}`)
      case 'gave-up':
        return refuse(world, 'failed', `Not acknowledged: ${outcome.reason} The revocation may or may not be in force. Send it again.`)
      case 'interrupted':
        return refuse(world, 'failed', 'Interrupted. The revocation may or may not be in force. Send it again.')
      default:
        return outcome satisfies never
    }
  },
})

/** The gateway checks the names and the time. */
function readBody(given: RevokeGiven): Result<Readonly<Record<string, unknown>>, string> {
  const subjects = {
    ...(given.has('user') ? { users: given.texts('user') } : {}),
    ...(given.has('organization') ? { organization: given.text('organization') } : {}),
    ...(given.has('token-id') ? { tokenIds: given.texts('token-id') } : {}),
  }
  if (Object.keys(subjects).length !== 1)
    return failed('Give one of --user, --organization and --token-id. --user and --token-id may be repeated.')
  const issuedBefore = given.text('issued-before')
  return ok({ ...subjects, ...(issuedBefore === undefined ? {} : { issuedBefore }) })
}

function renderRevoked(text: string): string {
  const answer: unknown = JSON.parse(text)
  const revocations = isRecord(answer) && Array.isArray(answer['revocations']) ? answer['revocations'].filter(isRecord) : []
  const lines = revocations.map(
    ({ subject, issuedBefore, until }) => `revoked  ${String(subject)}  issued before ${String(issuedBefore)}  until ${String(until)}`,
  )
  return lines.map((line) => `${escapeControls(line)}\n`).join('')
}
