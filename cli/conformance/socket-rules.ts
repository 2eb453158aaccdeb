import { isDeepStrictEqual } from 'node:util'
import { upgrade, type UpgradeOutcome } from '../probe/probe-socket.ts'
import { type AnyEvent, eventRules, show } from './judge-event.ts'
import { bearer, type Lab } from './lab.ts'
import { fail, notChecked, pass, type Rule, type Verdict } from './rule.ts'
import { core, jsonFormat, rfc, webSocketBinding } from './section.ts'
import { type SampleName, samples } from './samples.ts'
import { jsonSubprotocol } from './streams.ts'

const handshake = webSocketBinding('1.4', '14-handshake')
const subprotocols = webSocketBinding('1.5', '15-cloudevents-subprotocols')
const unknownSubprotocol = 'carillon.conformance.unknown'

/** Makes a handshake and leaves the connection. */
async function shake(lab: Lab, protocols: readonly string[], headers: Readonly<Record<string, string>> = {}): Promise<UpgradeOutcome> {
  if (lab.socket === null) throw new Error('The WebSocket is missing; the profile websocket asks for it.')
  const { socket: url, origin, timeoutMs, interrupted } = lab
  const outcome = await upgrade({
    url,
    protocols,
    headers: { ...lab.headers, ...bearer(lab.token), ...headers },
    origin,
    timeoutMs,
    interrupted,
  })
  if (outcome.kind === 'opened') outcome.socket.close()
  return outcome
}

function describe(outcome: UpgradeOutcome): string {
  if (outcome.kind === 'silent') return `The handshake has no answer: ${outcome.reason}.`
  if (outcome.kind === 'answered') return `The handshake is answered ${outcome.status}.`
  return `The answer is 101 with ${outcome.subprotocol === null ? 'no subprotocol' : show(outcome.subprotocol)}.`
}

/** Subprotocol of any answer. */
function chosen(outcome: UpgradeOutcome): string | null {
  if (outcome.kind === 'opened') return outcome.subprotocol
  return outcome.kind === 'answered' ? (outcome.headers['sec-websocket-protocol'] ?? null) : null
}

/** A rule about the answer to a handshake. Without an answer it is not checked. */
function answerRule({
  protocols,
  headers,
  isKept,
  ...about
}: Omit<Rule, 'check'> & {
  readonly protocols: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  isKept(outcome: UpgradeOutcome): boolean
}): Rule {
  return {
    ...about,
    check: async (lab) => {
      const outcome = await shake(lab, protocols, headers)
      if (outcome.kind === 'silent') return notChecked(describe(outcome))
      return isKept(outcome) ? pass(describe(outcome)) : fail(describe(outcome))
    },
  }
}

const handshakeRules: readonly Rule[] = [
  {
    id: 'websocket.handshake',
    level: 'MUST',
    section: handshake,
    title: 'The handshake of a client that offers cloudevents.json is answered 101, with the right Sec-WebSocket-Accept',
    check: async (lab) => {
      const outcome = await shake(lab, [jsonSubprotocol])
      if (outcome.kind !== 'opened') return fail(describe(outcome))
      return outcome.isKeyRight ? pass('The answer is 101.') : fail('Sec-WebSocket-Accept is wrong.')
    },
  },
  {
    id: 'websocket.subprotocol',
    level: 'MUST',
    section: handshake,
    title: 'The answer names the chosen subprotocol: of cloudevents.json, cloudevents.json',
    check: async (lab) => {
      const outcome = await shake(lab, [jsonSubprotocol])
      return chosen(outcome) === jsonSubprotocol ? pass(describe(outcome)) : fail(describe(outcome))
    },
  },
  {
    id: 'websocket.offered-subprotocol',
    level: 'MUST',
    section: handshake,
    title: 'Of several subprotocols, in any order, the answer names one of those',
    check: async (lab) => {
      const lists = [
        [unknownSubprotocol, jsonSubprotocol],
        [jsonSubprotocol, unknownSubprotocol],
        ['cloudevents.avro', 'cloudevents.proto', jsonSubprotocol],
      ]
      for (const list of lists) {
        const outcome = await shake(lab, list)
        const name = chosen(outcome)
        if (name === null || name === unknownSubprotocol || !list.includes(name))
          return fail(`Offered: ${list.join(', ')}. ${describe(outcome)}`)
      }
      return pass('Each of three lists is answered with a CloudEvents subprotocol of the list.')
    },
  },
  ...(['cloudevents.avro', 'cloudevents.proto'] as const).map((name) =>
    answerRule({
      id: `websocket.${name.replace('cloudevents.', '')}`,
      level: 'MUST',
      section: handshake,
      title: `A client that offers ${name} alone gets this subprotocol, or none`,
      protocols: [name],
      isKept: (outcome) => chosen(outcome) === null || chosen(outcome) === name,
    }),
  ),
  answerRule({
    id: 'websocket.unknown-subprotocol',
    level: 'SHOULD',
    section: handshake,
    title: 'The answer to a client that offers an unknown subprotocol alone has no Sec-WebSocket-Protocol',
    protocols: [unknownSubprotocol],
    isKept: (outcome) => chosen(outcome) === null,
  }),
  answerRule({
    id: 'websocket.version',
    level: 'MUST',
    section: rfc(6455, '4.2.2'),
    title: 'A handshake of another version of the WebSocket protocol is refused',
    protocols: [jsonSubprotocol],
    headers: { 'sec-websocket-version': '99' },
    isKept: (outcome) => outcome.kind === 'answered' && outcome.status >= 400,
  }),
]

const messageRule = (rule: Omit<Rule, 'check'> & { readonly judge: (event: AnyEvent) => string | null }): Rule => ({
  ...rule,
  check: async (lab) => {
    const { items, problem } = await lab.once(samples)
    const events = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []))
    if (events.length === 0) return notChecked(problem ?? 'No event arrived.')
    const found = events.map((event) => ({ event, bad: rule.judge(event) })).find(({ bad }) => bad !== null)
    return found === undefined ? pass(`${events.length} events keep it.`) : fail(`In the event ${show(found.event['id'])}: ${found.bad}.`)
  },
})

/** A rule about one sample: what arrives has what was sent. */
function sampleRule(
  rule: Omit<Rule, 'check'> & { readonly sample: SampleName; compare(sent: AnyEvent, got: AnyEvent): string | null },
): Rule {
  const { sample, compare, ...about } = rule
  return {
    ...about,
    check: async (lab): Promise<Verdict> => {
      const { sent, arrived, problem } = await lab.once(samples)
      const got = arrived[sample]
      if (got === undefined) return notChecked(problem ?? 'The event did not arrive.')
      const difference = compare(sent[sample], got)
      return difference === null ? pass('It arrives unchanged.') : fail(difference)
    },
  }
}

const sameMembers =
  (...names: readonly string[]) =>
  (sent: AnyEvent, got: AnyEvent): string | null => {
    const bad = names.find((name) => !isDeepStrictEqual(sent[name], got[name]))
    return bad === undefined ? null : `${bad} was sent as ${show(sent[bad])} and arrives as ${show(got[bad])}.`
  }

const messageRules: readonly Rule[] = [
  {
    id: 'websocket.text-frames',
    level: 'MUST',
    section: subprotocols,
    title: 'With cloudevents.json each message is a text message with one event in the JSON format',
    check: async (lab) => {
      const { items, problem } = await lab.once(samples)
      const broken = items.find(({ kind }) => kind === 'broken')
      if (broken?.kind === 'broken') return fail(`Of a message: ${broken.problem}.`)
      const end = items.find(({ kind }) => kind === 'end')
      if (end?.kind === 'end') return fail(end.reason)
      const count = items.filter(({ kind }) => kind === 'event').length
      return count === 0 ? notChecked(problem ?? 'No event arrived.') : pass(`${count} messages keep it.`)
    },
  },
  ...eventRules.map(({ id, ...rule }) => messageRule({ id: `websocket.${id}`, ...rule })),
  sampleRule({
    id: 'websocket.attributes-survive',
    level: 'MUST',
    section: jsonFormat('3', '3-envelope'),
    title: 'All attributes of an event arrive, with their values',
    sample: 'attributes',
    compare: sameMembers('id', 'source', 'type', 'specversion', 'time', 'subject', 'datacontenttype', 'dataschema'),
  }),
  sampleRule({
    id: 'websocket.unknown-attributes-survive',
    level: 'MUST',
    section: jsonFormat('3', '3-envelope'),
    title: 'Extensions that the server does not know arrive',
    sample: 'attributes',
    compare: sameMembers('comexampletext'),
  }),
  sampleRule({
    id: 'websocket.attribute-types-survive',
    level: 'SHOULD',
    section: jsonFormat('2.2', '22-type-system-mapping'),
    title: 'Integers and booleans arrive as JSON numbers and booleans',
    sample: 'attributes',
    compare: sameMembers('comexampleinteger', 'comexampleboolean'),
  }),
  sampleRule({
    id: 'websocket.null-attributes',
    level: 'MUST',
    section: jsonFormat('2.2', '22-type-system-mapping'),
    title: 'An attribute that is sent as null arrives as unset',
    sample: 'unset',
    compare: (_sent, { subject = null }) => (subject === null ? null : `subject arrives as ${show(subject)}.`),
  }),
  sampleRule({
    id: 'websocket.json-data',
    level: 'MUST',
    section: jsonFormat('3.1.1', '311-payload-serialization'),
    title: 'Data of a JSON content type arrive as the JSON value itself',
    sample: 'attributes',
    compare: sameMembers('data'),
  }),
  sampleRule({
    id: 'websocket.text-data',
    level: 'MUST',
    section: jsonFormat('3.1.1', '311-payload-serialization'),
    title: 'Data of a text content type arrive as a string, also where the text looks like JSON',
    sample: 'text',
    compare: sameMembers('data'),
  }),
  sampleRule({
    id: 'websocket.binary-data',
    level: 'MUST',
    section: jsonFormat('3.1.1', '311-payload-serialization'),
    title: 'Bytes arrive in data_base64',
    sample: 'bytes',
    compare: sameMembers('data_base64', 'data'),
  }),
  {
    id: 'websocket.size',
    level: 'MUST',
    section: core('Size Limits', 'size-limits'),
    title: 'An event of 64 KiB is forwarded',
    check: async (lab) => {
      const { sent, arrived, problem } = await lab.once(samples)
      if (Object.keys(arrived).length === 0) return notChecked(problem ?? 'No event arrived.')
      if (arrived.large === undefined) return fail(problem ?? 'The event did not arrive.')
      return arrived.large['data'] === sent.large['data'] ? pass('It arrives unchanged.') : fail('Its data arrive changed.')
    },
  },
  {
    id: 'websocket.no-batch',
    level: 'MUST',
    section: subprotocols,
    title: 'No message is a batch of events',
    check: async (lab) => {
      const { items, problem } = await lab.once(samples)
      if (items.some((item) => item.kind === 'broken' && item.problem.includes('batch'))) return fail('A message is an array.')
      return items.length === 0 ? notChecked(problem ?? 'No event arrived.') : pass('No message is an array.')
    },
  },
]

export const socketRules: readonly Rule[] = [...handshakeRules, ...messageRules]
