import { failed, ok, type Result } from '../../program/result.ts'
import { defineCommand, type Flags, type Given, refuse } from '../command.ts'
import { causeOf } from '../cause-of.ts'
import { describeRefusal, readRefusal } from '../problem.ts'
import { readText } from '../read-text.ts'
import { aboutUrl, readTarget, targetFlags } from '../target.ts'
import { readWholeNumber } from '../whole-number.ts'
import type { World } from '../world.ts'

const flags = {
  user: { type: 'string', value: 'ID', sentence: 'User id (claim user_id). Default: u1.' },
  username: { type: 'string', value: 'NAME', sentence: 'User name (claim username).' },
  organization: { type: 'string', value: 'ID', sentence: 'Organization (claim org_id).' },
  role: { type: 'string', value: 'ROLE', multiple: true, sentence: 'Role (claim roles).' },
  'expires-in': { type: 'string', value: 'SECONDS', sentence: 'Lifetime of the token (claim exp), up to one day.' },
  claims: { type: 'string', value: 'JSON', sentence: 'Object of more claims. They win over the flags.' },
  json: { type: 'boolean', sentence: 'Print {"token": ...} in place of the token alone.' },
  ...targetFlags,
} as const satisfies Flags

const timeoutMs = 10_000
const maxLifetimeSeconds = 86_400

export const token = defineCommand({
  name: 'token',
  summary: 'print a token of a gateway in development mode',
  about: [aboutUrl, 'A gateway in production makes no tokens: its identity provider does.'],
  flags,
  examples: ['carillon token http://localhost:8000 --user ann --organization o1 --role admin > ann.jwt'],
  run: async (given, world) => {
    const target = readTarget(given)
    if (!target.ok) return refuse(world, 'usage', target.error)
    const claims = readClaims(given, world)
    if (!claims.ok) return refuse(world, 'usage', claims.error)
    const made = await requestToken(new URL('/dev/token', target.value.base), claims.value)
    if (!made.ok) return refuse(world, 'failed', made.error)
    world.out(given.has('json') ? `${JSON.stringify({ token: made.value })}\n` : `${made.value}\n`)
    return 'ok'
  },
})

function readClaims(given: Given<keyof typeof flags>, world: World): Result<object, string> {
  const lifetime = readWholeNumber(given.text('expires-in'), { flag: 'expires-in', least: 1, most: maxLifetimeSeconds, fallback: 0 })
  if (!lifetime.ok) return lifetime
  const more = parseClaims(given.text('claims') ?? '{}')
  if (more === null) return failed('--claims is not a JSON object. Give one such as \'{"user_id": "u1"}\', in single quotes.')
  const [username, organization, roles] = [given.text('username'), given.text('organization'), given.texts('role')]
  return ok({
    user_id: given.text('user') ?? 'u1',
    ...(username === undefined ? {} : { username }),
    ...(organization === undefined ? {} : { org_id: organization }),
    ...(roles.length === 0 ? {} : { roles }),
    ...(lifetime.value === 0 ? {} : { exp: Math.floor(world.now() / 1000) + lifetime.value }),
    ...more,
  })
}

function parseClaims(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    // Often a shell has taken the quotes.
    return null
  }
}

async function requestToken(url: URL, claims: object): Promise<Result<string, string>> {
  try {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(claims), signal: AbortSignal.timeout(timeoutMs) })
    const text = await readText(response)
    if (response.ok) return ok(String((JSON.parse(text) as { readonly token: unknown }).token)) // the endpoint's documented shape
    const refusal = readRefusal({ status: response.status, text, retryAfter: null })
    if (refusal.status !== 404) return failed(`No token: ${describeRefusal(refusal)}`)
    return failed(
      `No token: ${url.href} does not exist (404). Only a gateway in development mode makes tokens; elsewhere, ask the identity provider.`,
    )
  } catch (error) {
    // Not reachable, no answer in time, or a success that is not JSON.
    return failed(`No token from ${url.href} (${causeOf(error)}). Check that the gateway runs; carillon doctor ${url.origin} shows more.`)
  }
}
