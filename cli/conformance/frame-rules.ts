import { requestOnce } from '../probe/probe-http.ts'
import { type AnyEvent, parseEvent, show } from './judge-event.ts'
import { bearer, type Lab } from './lab.ts'
import { cursorOf, featuresOf, hasId, idsOf, isOf, ownType, rule } from './resume-bench.ts'
import { fail, notApplicable, notChecked, pass, type Rule } from './rule.ts'

/** Rules of frames that clients send, docs/protocol.md sections 5.1 and 5.3. A server without the feature need not keep them. */
const subscribeFrame = (lab: Lab, filters: unknown): AnyEvent => ({
  specversion: '1.0',
  id: lab.makeId(),
  source: lab.source,
  type: `${ownType}subscribe`,
  data: { filters },
})

/** What the first control event says of the session. */
function introductionOf(event: AnyEvent | undefined): { readonly session: string; readonly canSubscribe: boolean } {
  const { session } = (event?.['data'] ?? {}) as { readonly session?: unknown } // of JSON
  return { session: String(session), canSubscribe: featuresOf(event).includes('subscribe') }
}

const withoutFeature = notApplicable('The server does not have the feature subscribe.')

/** Posts a frame for a session of the event stream. */
const post = (lab: Lab, session: string, frame: AnyEvent) => {
  if (lab.stream === null) throw new Error('The event stream is missing; the profile resume asks for it.')
  return requestOnce({
    url: new URL(`sessions/${encodeURIComponent(session)}/frames`, lab.stream),
    method: 'POST',
    headers: { ...lab.headers, ...bearer(lab.token), 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(frame),
    timeoutMs: lab.timeoutMs,
    interrupted: lab.interrupted,
  })
}

const holdsFromAnswer = 'Filters of dev.carillon.subscribe hold from the cursor of dev.carillon.subscribed on'
const onlyKept = [{ exact: { subject: 'kept' } }]

export const frameRules: readonly Rule[] = [
  rule({ id: 'subscribe', section: '5.1', title: `${holdsFromAnswer} over WebSocket` }, async ({ lab, open, emit, read }) => {
    const stream = await open('websocket', { query: { cursor: 'latest' } })
    const [resumed] = await read(stream, isOf('resumed'), 'dev.carillon.resumed')
    if (!introductionOf(resumed).canSubscribe) return withoutFeature
    stream.send(JSON.stringify(subscribeFrame(lab, onlyKept)))
    const subscribed = (await read(stream, isOf('subscribed'), 'dev.carillon.subscribed')).at(-1)
    if (cursorOf(subscribed) === null) return fail('dev.carillon.subscribed has no cursor.')
    await emit(1, { subject: 'held back' })
    const [kept] = await emit(1, { subject: 'kept' })
    const got = idsOf(lab, await read(stream, hasId(kept), 'The event that the filters want'))
    return got.length === 1 ? pass('They do.') : fail('An event came that the filters hold back.')
  }),
  rule({ id: 'subscribe-sse', section: '5.3', title: `${holdsFromAnswer} over SSE` }, async ({ lab, open, emit, read }) => {
    const stream = await open('sse', { query: { cursor: 'latest' } })
    const [resumed] = await read(stream, isOf('resumed'), 'dev.carillon.resumed')
    const { session, canSubscribe } = introductionOf(resumed)
    if (!canSubscribe) return withoutFeature
    const answer = await post(lab, session, subscribeFrame(lab, onlyKept))
    if (!answer.ok) return notChecked(`There is no answer: ${answer.error}.`)
    if (answer.value.status !== 200) return fail(`It is answered ${answer.value.status}, and not 200.`)
    const parsed = parseEvent(answer.value.text)
    const confirmed = 'event' in parsed ? parsed.event : null
    const subscribed = (await read(stream, isOf('subscribed'), 'dev.carillon.subscribed')).at(-1)
    if (confirmed === null || confirmed['id'] !== subscribed?.['id'] || cursorOf(confirmed) !== cursorOf(subscribed))
      return fail(`The answer is not the event of the stream: ${show(confirmed)}.`)
    await emit(1, { subject: 'held back' })
    const [kept] = await emit(1, { subject: 'kept' })
    const got = idsOf(lab, await read(stream, hasId(kept), 'The event that the filters want'))
    return got.length === 1 ? pass('They do.') : fail('An event came that the filters hold back.')
  }),
  rule(
    { id: 'unknown-session', section: '5.3', title: 'A command for a session that the server does not have is refused (404)' },
    async ({ lab, open, read }) => {
      const [resumed] = await read(await open('sse', { query: { cursor: 'latest' } }), isOf('resumed'), 'dev.carillon.resumed')
      if (!introductionOf(resumed).canSubscribe) return withoutFeature
      const answer = await post(lab, '00000000-0000-4000-8000-000000000000', subscribeFrame(lab, []))
      if (!answer.ok) return notChecked(`There is no answer: ${answer.error}.`)
      const { status, headers } = answer.value
      if (status !== 404) return fail(`It is answered ${status}, and not 404.`)
      return /^application\/problem\+json\b/.test(headers['content-type'] ?? '')
        ? pass('It is answered 404 with a problem.')
        : fail('The answer is not application/problem+json.')
    },
  ),
]
