import { cursorRules } from './cursor-rules.ts'
import { frameRules } from './frame-rules.ts'
import { type AnyEvent, show } from './judge-event.ts'
import { makeEvent } from './lab.ts'
import { structuredMessage } from './messages.ts'
import { compareIds, cursorOf, hasId, idsOf, isControl, isOf, ownType, rule, type Transport, transportNames } from './resume-bench.ts'
import { fail, notApplicable, notChecked, pass, type Rule, type Verdict } from './rule.ts'
import { jsonSubprotocol, openEventStream, type OpenedStream, openSocketStream, type StreamRequest } from './streams.ts'

type Place = 'cursor' | 'lastEventId'
const placeOf = (place: Place, cursor: string): StreamRequest =>
  place === 'cursor' ? { query: { cursor } } : { headers: { 'last-event-id': cursor } }

/** Receives one event, leaves, and comes back with its cursor after others were emitted. */
interface Resuming {
  readonly id: string
  readonly section: string
  readonly title: string
  /** Transports before and after the pause. */
  readonly over: readonly [Transport, Transport]
  readonly place: Place
}

const resumes = ({ id, section, title, over: [first, second], place }: Resuming): Rule =>
  rule({ id, section, title }, async ({ lab, open, emit, read }) => {
    const before = await open(first, { query: { cursor: 'latest' } })
    await read(before, isOf('resumed'), 'dev.carillon.resumed')
    const [one, two] = await emit(2)
    const seen = await read(before, hasId(two), 'An event')
    before.close()
    const cursor = cursorOf(seen.find(hasId(one)))
    if (cursor === null) return fail('An event has no cursor.')
    const later = await emit(3)
    const after = await open(second, placeOf(place, cursor))
    const events = await read(after, isOf('resumed'), 'dev.carillon.resumed')
    const gap = events.find(isOf('gap'))
    if (gap !== undefined) return fail('A gap came, although the events are recent.')
    const difference = compareIds([...(two === undefined ? [] : [two]), ...later], idsOf(lab, events))
    return difference === null ? pass('4 events came, once and in order, and then dev.carillon.resumed.') : fail(difference)
  })

function isProblem({ headers }: Extract<OpenedStream, { kind: 'refused' }>): boolean {
  return /^application\/problem\+json\b/.test(headers['content-type'] ?? '')
}

/** Returns whether a request was refused with the status and a problem of RFC 9457. */
function refusal(opened: OpenedStream, status: number): Verdict {
  if (opened.kind === 'silent') return notChecked(`There is no answer: ${opened.reason}.`)
  if (opened.kind === 'open') {
    opened.stream.close()
    return fail('It is accepted.')
  }
  if (opened.status !== status) return fail(`It is answered ${opened.status}, and not ${status}.`)
  return isProblem(opened) ? pass(`It is answered ${status} with a problem.`) : fail('The answer is not application/problem+json.')
}

const damagedCursor = 'carillon-conformance'

const eachTransport = (make: (transport: Transport, suffix: string, words: string) => Rule): readonly Rule[] =>
  (['websocket', 'sse'] as const).map((transport) => make(transport, transport === 'websocket' ? '' : '-sse', transportNames[transport]))

const controlRules: readonly Rule[] = [
  ...eachTransport((transport, suffix, words) =>
    rule(
      {
        id: `resumed${suffix}`,
        section: '5',
        title: `A client with ?cursor=latest gets dev.carillon.resumed first, with a cursor, ${words}`,
      },
      async ({ open, read }) => {
        const events = await read(await open(transport, { query: { cursor: 'latest' } }), isOf('resumed'), 'dev.carillon.resumed')
        const { data, source } = events.at(-1) ?? {}
        if (cursorOf(events.at(-1)) === null) return fail('dev.carillon.resumed has no cursor.')
        if (typeof (data as AnyEvent | undefined)?.['replayed'] !== 'number')
          return fail(`Its data are ${show(data)}, without the number replayed.`)
        if (!String(source).startsWith('urn:carillon:channel:')) return fail(`Its source is ${show(source)}.`)
        return events.length === 1 ? pass('It came first.') : fail('Another event came before it.')
      },
    ),
  ),
  rule(
    { id: 'heartbeatms', section: '5', title: 'Events with a cursor of the gateway itself say the longest silence (heartbeatms)' },
    async ({ open, read }) => {
      const events = await read(await open('websocket', { query: { cursor: 'latest' } }), isOf('resumed'), 'dev.carillon.resumed')
      const heartbeatMs = events.at(-1)?.['heartbeatms']
      return typeof heartbeatMs === 'number' && Number.isInteger(heartbeatMs) && heartbeatMs > 0
        ? pass(`It is ${heartbeatMs} ms.`)
        : fail(`heartbeatms is ${show(heartbeatMs)}.`)
    },
  ),
  ...eachTransport((transport, suffix, words) =>
    rule(
      { id: `plain-client${suffix}`, section: '2.5', title: `A client without a cursor gets no control events ${words}` },
      async ({ open, emit, read }) => {
        const stream = await open(transport)
        const [id] = await emit(1)
        const events = await read(stream, hasId(id), 'An event')
        const control = events.find(isControl)
        return control === undefined ? pass('The events came alone.') : fail(`${show(control['type'])} came.`)
      },
    ),
  ),
  ...eachTransport((transport, suffix, words) =>
    rule(
      { id: `cursor-extension${suffix}`, section: '3', title: `Each event has the extension cursor ${words}` },
      async ({ open, emit, read }) => {
        const stream = await open(transport, { query: { cursor: 'latest' } })
        await read(stream, isOf('resumed'), 'dev.carillon.resumed')
        const [, last] = await emit(2)
        const events = await read(stream, hasId(last), 'An event')
        const bad = events.find((event) => !isControl(event) && cursorOf(event) === null)
        return bad === undefined ? pass(`${events.length} events have it.`) : fail(`The cursor of an event is ${show(bad['cursor'])}.`)
      },
    ),
  ),
  rule({ id: 'audience-stays', section: '3', title: 'The audience of an event is not forwarded' }, async ({ lab, open, emit, read }) => {
    if (lab.extensions['audience'] === undefined) return notApplicable('The events have no audience (--extension).')
    const stream = await open('websocket')
    const [id] = await emit(1)
    const event = (await read(stream, hasId(id), 'An event')).at(-1)
    return event !== undefined && 'audience' in event ? fail('The event has the extension audience.') : pass('The event has no audience.')
  }),
]

const resumeRules: readonly Rule[] = [
  resumes({
    id: 'websocket',
    section: '4',
    title: 'A client that returns with the cursor of an event gets exactly the later events over WebSocket',
    over: ['websocket', 'websocket'],
    place: 'cursor',
  }),
  resumes({
    id: 'sse-cursor',
    section: '4',
    title: 'A client that returns with the cursor of an event gets exactly the later events over SSE',
    over: ['sse', 'sse'],
    place: 'cursor',
  }),
  resumes({ id: 'last-event-id', section: '2.5', title: 'Last-Event-ID is a cursor over SSE', over: ['sse', 'sse'], place: 'lastEventId' }),
  resumes({
    id: 'across-transports',
    section: '3',
    title: 'A cursor of the WebSocket is valid over SSE',
    over: ['websocket', 'sse'],
    place: 'cursor',
  }),
  resumes({
    id: 'across-transports-back',
    section: '3',
    title: 'A cursor of SSE is valid on the WebSocket',
    over: ['sse', 'websocket'],
    place: 'cursor',
  }),
  rule({ id: 'header-wins', section: '2.5', title: 'Last-Event-ID wins over the query' }, async ({ lab, open, emit, read }) => {
    const before = await open('sse', { query: { cursor: 'latest' } })
    await read(before, isOf('resumed'), 'dev.carillon.resumed')
    const [one, two] = await emit(2)
    const cursor = cursorOf((await read(before, hasId(two), 'An event')).find(hasId(one)))
    if (cursor === null) return fail('An event has no cursor.')
    const after = await open('sse', { query: { cursor: 'latest' }, headers: { 'last-event-id': cursor } })
    const events = await read(after, isOf('resumed'), 'dev.carillon.resumed')
    const difference = compareIds(two === undefined ? [] : [two], idsOf(lab, events))
    return difference === null ? pass('The stream continued after the id.') : fail(difference)
  }),
  rule(
    { id: 'duplicates', section: '3', title: 'A second event with the same source and id is delivered once' },
    async ({ lab, open, emit, read }) => {
      const stream = await open('websocket')
      const id = lab.makeId()
      await emit(2, { id })
      const [last] = await emit(1)
      const difference = compareIds([id, ...(last === undefined ? [] : [last])], idsOf(lab, await read(stream, hasId(last), 'An event')))
      return difference === null ? pass('It came once.') : fail(difference)
    },
  ),
  rule(
    { id: 'gap', section: '4', title: 'A last event id that is no cursor gets a gap of the reason epoch, and delivery continues' },
    async ({ open, emit, read }) => {
      const stream = await open('sse', { headers: { 'last-event-id': damagedCursor } })
      const gap = (await read(stream, isOf('gap'), 'dev.carillon.gap')).at(-1)
      const reason = (gap?.['data'] as AnyEvent | undefined)?.['reason']
      if (reason !== 'epoch') return fail(`The reason is ${show(reason)}.`)
      if (cursorOf(gap) === null) return fail('The gap has no cursor.')
      const [id] = await emit(1)
      await read(stream, hasId(id), 'An event after the gap')
      return pass('The gap came, and then an event.')
    },
  ),
  rule({ id: 'damaged-cursor', section: '4', title: 'A damaged cursor is refused over WebSocket (400)' }, async ({ lab }) => {
    if (lab.origin !== null) return notApplicable('With --origin the refusal is a close code: see resume.close-codes.')
    return refusal(await openSocketStream(lab, { query: { cursor: damagedCursor } }), 400)
  }),
  rule({ id: 'damaged-cursor-sse', section: '4', title: 'A damaged cursor in the query is refused over SSE (400)' }, async ({ lab }) =>
    refusal(await openEventStream(lab, { query: { cursor: damagedCursor } }), 400),
  ),
  rule(
    { id: 'close-codes', section: '6', title: 'A page with a damaged cursor is accepted, and closed with a code of 4000 to 4099' },
    async ({ lab, open }) => {
      if (lab.origin === null) return notApplicable('Only pages see close codes. Give an allowed origin (--origin).')
      const stream = await open('websocket', { query: { cursor: damagedCursor } })
      const { items } = await stream.until(() => false)
      const close = items.at(-1)
      if (close?.kind !== 'close') return fail('The connection is not closed with a code.')
      return close.code >= 4000 && close.code < 4100 ? pass(`The code is ${close.code}.`) : fail(`The code is ${close.code}.`)
    },
  ),
]

const handshakeRules: readonly Rule[] = [
  rule(
    {
      id: 'token-in-subprotocol',
      section: '2.2',
      title: 'A token beside the subprotocol is read, the cursor with it, and it is not echoed',
    },
    async ({ lab, open, read }) => {
      if (lab.token === null) return notApplicable('No token was given (--token-file).')
      const stream = await open('websocket', {
        withToken: false,
        query: { cursor: 'latest' },
        protocols: [jsonSubprotocol, `bearer.${lab.token}`],
      })
      if (stream.subprotocol !== jsonSubprotocol)
        return fail(`The subprotocol of the answer is ${stream.subprotocol === null ? 'missing' : 'another'}.`)
      await read(stream, isOf('resumed'), 'dev.carillon.resumed')
      return pass('The client is accepted, and the answer names cloudevents.json alone.')
    },
  ),
  rule({ id: 'token-in-query', section: '2.2', title: 'A token in the query is not read (401)' }, async ({ lab }) => {
    if (lab.token === null) return notApplicable('No token was given (--token-file).')
    return refusal(await openEventStream(lab, { withToken: false, query: { token: lab.token, access_token: lab.token } }), 401)
  }),
  rule({ id: 'without-token', section: '2.2', title: 'A client without a token is refused (401)' }, async ({ lab }) => {
    if (Object.keys(lab.headers).some((name) => ['authorization', 'cookie'].includes(name.toLowerCase())))
      return notApplicable('A --header has the token.')
    return refusal(await openEventStream(lab, { withToken: false }), 401)
  }),
  rule(
    { id: 'other-subprotocols', section: '2.1', title: 'A client that offers only other subprotocols is refused (400)' },
    async ({ lab }) => refusal(await openSocketStream(lab, { protocols: ['carillon.conformance.unknown'] }), 400),
  ),
]

const streamRules: readonly Rule[] = [
  rule(
    { id: 'stream-type', section: '3', title: 'The event stream is text/event-stream and is not stored by caches' },
    async ({ open }) => {
      const { headers } = await open('sse')
      const type = headers['content-type'] ?? ''
      if (!/^text\/event-stream\b/.test(type)) return fail(`The content type is ${show(type)}.`)
      return /no-store|no-cache/.test(headers['cache-control'] ?? '')
        ? pass('It is.')
        : fail(`Cache-Control is ${show(headers['cache-control'])}.`)
    },
  ),
  rule(
    { id: 'stream-ids', section: '3', title: 'On SSE the field id is the cursor, and events have no field event' },
    async ({ open, emit, read }) => {
      const stream = await open('sse', { query: { cursor: 'latest' } })
      await read(stream, isOf('resumed'), 'dev.carillon.resumed')
      const [id] = await emit(1)
      const { items } = await stream.until(hasId(id))
      const item = items.find((one) => one.kind === 'event' && one.event['id'] === id)
      if (item?.kind !== 'event' || item.block === null) return fail('The event did not come.')
      if (item.block.event !== null) return fail(`The event has the field event: ${show(item.block.event)}.`)
      return item.block.id === cursorOf(item.event)
        ? pass('They are the same.')
        : fail(`The id is ${show(item.block.id)}, and not the cursor.`)
    },
  ),
]

/** Emits an event that must be refused. */
const refusesEmit = (id: string, section: string, title: string, members: AnyEvent): Rule =>
  rule({ id, section, title }, async ({ lab }) => {
    const accepted = await lab.post(structuredMessage(makeEvent(lab)))
    if (!accepted.ok || accepted.value.status !== 202)
      return notChecked(`An event without the fault is not accepted: ${accepted.ok ? accepted.value.status : accepted.error}.`)
    const answer = await lab.post(structuredMessage(makeEvent(lab, members)))
    if (!answer.ok) return notChecked(`There is no answer: ${answer.error}.`)
    const { status, headers } = answer.value
    if (status !== 400) return fail(`It is answered ${status}, and not 400.`)
    return /^application\/problem\+json\b/.test(headers['content-type'] ?? '')
      ? pass('It is answered 400 with a problem.')
      : fail('The answer is not application/problem+json.')
  })

const emitRules: readonly Rule[] = [
  rule({ id: 'emit-answer', section: '7.2', title: 'An emit is answered 202 with the id and source of the event' }, async ({ lab }) => {
    const event = makeEvent(lab)
    const answer = await lab.post(structuredMessage(event))
    if (!answer.ok) return fail(`There is no answer: ${answer.error}.`)
    const { status, text } = answer.value
    if (status !== 202) return fail(`It is answered ${status}.`)
    const problem = sameIdentity(text, event)
    return problem === null ? pass('It is.') : fail(problem)
  }),
  refusesEmit('emit-without-audience', '7.3', 'An event without an audience is refused', { audience: undefined }),
  refusesEmit('emit-cursor', '3', 'An event with the extension cursor is refused', { cursor: 'x' }),
  refusesEmit('emit-own-types', '3', 'An event of a type that begins with dev.carillon. is refused', { type: `${ownType}note` }),
]

function sameIdentity(text: string, event: AnyEvent): string | null {
  try {
    const { id, source } = JSON.parse(text) as { readonly id?: unknown; readonly source?: unknown }
    return id === event['id'] && source === event['source'] ? null : `The answer has the id ${show(id)} and the source ${show(source)}.`
  } catch {
    return 'The answer is not an object of JSON.'
  }
}

const silenceRules: readonly Rule[] = [
  rule(
    { id: 'bookmark', section: '5', level: 'SHOULD', title: 'dev.carillon.bookmark comes at every heartbeat of a silent channel' },
    async ({ lab, open, read }) => {
      const stream = await open('websocket', { query: { cursor: 'latest' } })
      const { heartbeatms } = (await read(stream, isOf('resumed'), 'dev.carillon.resumed')).at(-1) ?? {}
      if (typeof heartbeatms !== 'number') return notChecked('The server does not say how long it may be silent.')
      if (heartbeatms >= lab.timeoutMs)
        return notChecked(`The heartbeat is ${heartbeatms} ms, and --timeout is ${lab.timeoutMs / 1_000} s. Give a longer one.`)
      const bookmark = (await read(stream, isOf('bookmark'), 'dev.carillon.bookmark')).at(-1)
      return cursorOf(bookmark) === null ? fail('The bookmark has no cursor.') : pass('It came.')
    },
  ),
]

export const resumeProfileRules: readonly Rule[] = [
  ...handshakeRules,
  ...controlRules,
  ...resumeRules,
  ...cursorRules,
  ...streamRules,
  ...frameRules,
  ...emitRules,
  ...silenceRules,
]
