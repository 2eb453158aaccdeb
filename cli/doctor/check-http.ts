import { isRecord } from '../../program/is-record.ts'
import { findTokenMistake } from '../bearer-token.ts'
import { describeRefusal, readRefusal, type Refusal } from '../problem.ts'
import { type Check, type Checked, doubtful, type Finding, fine, type Patient, untried, wrong } from './check.ts'
import { type HttpAnswer, openResponse, readAnswer, requestOnce, textOf } from '../probe/probe-http.ts'

export const httpCheck: Check = {
  needs: ['tls'],
  run: async ({ target, timeoutMs, interrupted, now }): Promise<Checked> => {
    const startedAtMs = now()
    const answer = await requestOnce({ url: target.openApi, timeoutMs, interrupted })
    if (answer.ok) return { finding: diagnoseGateway(answer.value, target.openApi, now() - startedAtMs) }
    const remedy = 'Check that the gateway runs behind this address. If the port has TLS, use https or wss in the URL.'
    return { finding: wrong(`No HTTP answer (${answer.error}).`, remedy) }
  },
}

/** Returns whether the answer to a request for the OpenAPI document comes from a Carillon gateway of this channel. */
function diagnoseGateway(answer: HttpAnswer, url: URL, tookMs: number): Finding {
  const { status, headers } = answer
  const info = infoIn(answer)
  if (info !== null) return fine(`${info} answers after ${tookMs} ms.`)
  const refusal = refusalOf(answer)
  if (refusal.problem !== null) return wrong(`The gateway answers ${refusal.status} ${refusal.problem}.`, refusal.detail)
  if (status >= 300 && status < 400)
    return wrong(`The server redirects to ${textOf(headers.location) ?? 'another address'} (${status}).`, 'Give that address as the URL.')
  if (status >= 502 && status <= 504)
    return wrong(
      `A proxy answers ${status}: it does not reach the gateway.`,
      'Check that the gateway is ready, and the address that the proxy sends to.',
    )
  return wrong(
    `${url.pathname} is answered ${status}, and not by a Carillon gateway.`,
    'Check the host, and that the proxy sends /wss/NAME and /api/NAME to the gateway.',
  )
}

/** Returns name and version of the document, or null when the answer is not an OpenAPI document of Carillon. */
function infoIn({ status, text }: HttpAnswer): string | null {
  try {
    const document: unknown = status === 200 ? JSON.parse(text) : null
    const info = isRecord(document) && isRecord(document['info']) ? document['info'] : {}
    const title = String(info['title'])
    return title.startsWith('Carillon: ') ? `${title}, version ${String(info['version'])},` : null
  } catch {
    // A page of another server.
    return null
  }
}

export const originCheck: Check = {
  needs: ['http'],
  run: async (patient): Promise<Checked> => {
    const { origin } = patient
    if (origin === null)
      return { finding: untried('No --origin was given.', 'Give the origin of the page, such as --origin https://app.example.com.') }
    const refusal = await askWithoutStream(patient, { origin })
    if (typeof refusal === 'string')
      return { finding: wrong(`No answer to a page of ${origin} (${refusal}).`, 'Check the proxy in front of the gateway.') }
    if (refusal.problem === 'origin-forbidden') return { finding: wrong(`Pages of ${origin} are refused.`, refusal.detail) }
    if (refusal.problem === null)
      return {
        finding: wrong(
          `A page of ${origin} is answered ${refusal.status}, not by the gateway.`,
          'Check the rules of the proxy for Origin.',
        ),
      }
    return { finding: fine(`Pages of ${origin} are allowed.`) }
  },
}

export const tokenCheck: Check = {
  needs: ['http', 'origin'],
  run: async (patient): Promise<Checked> => {
    const { token, now } = patient
    if (token === null)
      return { finding: untried('No token was given.', 'Give --token-file, or the variable CARILLON_TOKEN, to check what a user gets.') }
    const mistake = findTokenMistake(token) ?? findExpiry(token, now())
    if (mistake !== null) return { finding: wrong(mistake, 'Correct the token, or get a new one from its issuer.') }
    return { finding: await tryToken(patient, token) }
  },
}

/** Asks for the event stream, and leaves it at its head. A refusal is a whole answer, which no proxy holds back. */
async function tryToken({ target, origin, timeoutMs, interrupted }: Patient, token: string): Promise<Finding> {
  const url = new URL(target.events)
  url.searchParams.set('cursor', 'latest')
  const headers = { authorization: `Bearer ${token}`, ...(origin === null ? {} : { origin }) }
  const opened = await openResponse({ url, headers, timeoutMs, interrupted })
  if (!opened.ok)
    return doubtful(
      `The token is neither accepted nor refused (${opened.error}).`,
      'A refusal comes at once, so the token is probably good, and a proxy holds the event stream back. See the check sse.',
    )
  if (opened.value.response.statusCode === 200) {
    opened.value.response.destroy()
    return fine(`The gateway accepts the token${describeClaims(token)}.`)
  }
  const answer = await readAnswer(opened.value, { timeoutMs })
  if (!answer.ok) return wrong(`No answer to the token (${answer.error}).`, 'Check the proxy in front of the gateway.')
  const refusal = refusalOf(answer.value)
  return wrong(
    `The gateway refuses the token (${refusal.status} ${refusal.problem ?? 'from a proxy'})${describeClaims(token)}.`,
    refusal.detail,
  )
}

/**
 * Asks for the event stream with a cursor that no gateway accepts. The gateway checks the origin first, so any other refusal shows that it is
 * allowed. No session begins, and no proxy can hold a stream back.
 * @returns a reason when there is no answer
 */
async function askWithoutStream(
  { target, timeoutMs, interrupted }: Patient,
  headers: Readonly<Record<string, string>>,
): Promise<Refusal | string> {
  const url = new URL(target.events)
  url.searchParams.set('cursor', 'carillon-doctor')
  const answer = await requestOnce({ url, headers, timeoutMs, interrupted })
  return answer.ok ? refusalOf(answer.value) : answer.error
}

export const refusalOf = ({ status, text, headers }: HttpAnswer): Refusal =>
  readRefusal({ status, text, retryAfter: textOf(headers['retry-after']) })

export const emitCheck: Check = {
  needs: ['http'],
  run: async ({ target, emitToken, timeoutMs, interrupted }): Promise<Checked> => {
    if (emitToken === null)
      return {
        finding: untried('No token for emitting was given.', 'Give --emit-token-file, or the variable CARILLON_EMIT_TOKEN, to check it.'),
      }
    const mistake = findTokenMistake(emitToken)
    if (mistake !== null) return { finding: wrong(mistake, 'Correct the token for emitting.') }
    const headers = { authorization: `Bearer ${emitToken}`, 'content-type': 'application/cloudevents-batch+json' }
    // A batch may be empty: the token is checked, and no user gets an event.
    const answer = await requestOnce({ url: target.events, method: 'POST', headers, body: '[]', timeoutMs, interrupted })
    if (!answer.ok) return { finding: wrong(`No answer to an emit (${answer.error}).`, 'Check that the proxy lets POST requests through.') }
    if (answer.value.status === 202)
      return { finding: fine('The token may emit: an empty batch is accepted. No event was sent, and Kafka was not asked.') }
    return { finding: wrong('The gateway refuses an empty batch.', describeRefusal(refusalOf(answer.value))) }
  },
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return isRecord(claims) ? claims : {}
  } catch {
    // Damaged: the gateway says so.
    return {}
  }
}

function findExpiry(token: string, nowMs: number): string | null {
  const { exp } = claimsOf(token)
  return typeof exp === 'number' && exp * 1000 <= nowMs ? `The token expired at ${new Date(exp * 1000).toISOString()}.` : null
}

/** Returns issuer and audience, which are what a refusal is mostly about. Other claims can be personal. */
function describeClaims(token: string): string {
  const { iss, aud } = claimsOf(token)
  const shown = Object.entries({ iss, aud }).filter(([, value]) => value !== undefined)
  return shown.length === 0 ? '' : ` (${shown.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')})`
}
