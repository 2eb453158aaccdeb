import { isDeepStrictEqual } from 'node:util'
import { type Exchange, exchange, type Received } from './exchange.ts'
import { type AnyEvent, isDateTime, show } from './judge-event.ts'
import { type Lab, makeEvent, type Message, type Observation } from './lab.ts'
import { type About, accepts, binary, refuses, sendOnly, structured, understands } from './http-checks.ts'
import { binaryMessage, type BinaryParts, decodeHeader, structuredMessage, structuredType } from './messages.ts'
import { fail, notApplicable, notChecked, pass, type Rule, type Verdict } from './rule.ts'
import { core, httpBinding, jsonFormat, rfc } from './section.ts'
import { euro } from './samples.ts'

const modes = httpBinding('1.3', '13-content-modes')
const mapping = httpBinding('3', '3-http-message-mapping')
const headerValues = httpBinding('3.1.3.2', '3132-http-header-values')
const batchType = 'application/cloudevents-batch+json'

const attribute =
  (name: string, wanted: unknown) =>
  ({ attributes }: Received): string | null =>
    attributes[name] === wanted ? null : `${name} is ${show(wanted)}, and was understood as ${show(attributes[name])}.`

/** A rule about a header value and what it means. */
const header = (about: Omit<About, 'section' | 'mode'>, value: string, meaning: string): Rule =>
  understands({
    ...about,
    section: headerValues,
    mode: 'binary',
    send: (lab) => binaryMessage(lab, { headers: { 'ce-subject': value } }),
    compare: attribute('subject', meaning),
    unclear: ({ reply }) =>
      reply?.mode === 'binary' && reply.headers['ce-subject'] === value
        ? 'the answer has the header value as it was sent, which does not show whether the server decoded it. Let it answer in structured mode'
        : null,
  })

const dataRule = (about: Omit<About, 'mode'>, parts: BinaryParts, isRight: (data: Received['data']) => boolean): Rule =>
  understands({
    ...about,
    mode: 'binary',
    send: (lab) => binaryMessage(lab, parts),
    compare: ({ data }) => (isRight(data) ? null : `The data were understood as ${show(data.json ?? data.bytes.toString('latin1'))}.`),
  })

const requiredNames = ['specversion', 'id', 'source', 'type'] as const

const binaryRules: readonly Rule[] = [
  {
    id: 'http.binary',
    level: 'SHOULD',
    section: modes,
    title: 'Events in binary mode are accepted',
    check: async (lab) => {
      const { isAccepted, answer } = await lab.once(binary)
      return isAccepted ? pass(answer) : fail(answer)
    },
  },
  understands({
    id: 'http.binary-attributes',
    level: 'MUST',
    section: httpBinding('3.1.3', '313-metadata-headers'),
    title: 'In binary mode each ce- header is an attribute, also of an unknown extension',
    mode: 'binary',
    send: (lab) => binaryMessage(lab, { headers: { 'ce-time': '2018-04-05T17:31:00Z', 'ce-comexampletext': 'value' } }),
    compare: (received) => {
      const time = String(received.attributes['time'])
      if (!isDateTime(time) || Date.parse(time) !== Date.parse('2018-04-05T17:31:00Z')) return `time was understood as ${show(time)}.`
      return attribute('comexampletext', 'value')(received)
    },
  }),
  understands({
    id: 'http.header-names',
    level: 'SHOULD',
    section: httpBinding('3.1.3.1', '3131-http-header-names'),
    title: 'Names of headers are read without regard to case',
    mode: 'binary',
    send: (lab) => binaryMessage(lab, { headers: { 'CE-Subject': 'text' } }),
    compare: attribute('subject', 'text'),
  }),
  header({ id: 'http.percent-decoding', level: 'MUST', title: 'Header values are percent-decoded as UTF-8' }, encodedEuro(), euro),
  header(
    { id: 'http.lower-case-hex', level: 'MUST', title: 'Percent-encoding with lower-case digits is decoded' },
    encodedEuro().toLowerCase().replace('euro', 'Euro'),
    euro,
  ),
  header(
    { id: 'http.unnecessary-encoding', level: 'MUST', title: 'Characters that need no percent-encoding are decoded where they have it' },
    '%61%62c',
    'abc',
  ),
  header({ id: 'http.one-round', level: 'MUST', title: 'Header values are percent-decoded once, not twice' }, '%2561', '%61'),
  header(
    { id: 'http.quoted-values', level: 'MUST', title: 'A header value in double quotes is unescaped' },
    String.raw`"a \"b\" c"`,
    'a "b" c',
  ),
  refuses({
    id: 'http.invalid-utf8',
    level: 'MUST',
    section: headerValues,
    title: 'A header value whose encoded bytes are not UTF-8 is refused',
    mode: 'binary',
    send: (lab) => ['%C0%A0', '%FF'].map((value) => ({ ...binaryMessage(lab, { headers: { 'ce-subject': value } }), what: value })),
  }),
  understands({
    id: 'http.content-type',
    level: 'MUST',
    section: httpBinding('3.1.1', '311-http-content-type'),
    title: 'In binary mode Content-Type is the datacontenttype, with its parameters',
    mode: 'binary',
    send: (lab) => binaryMessage(lab, { contentType: 'application/json; charset=utf-8' }),
    compare: ({ attributes: { datacontenttype } }) =>
      /^application\/json;\s?charset=utf-8$/i.test(String(datacontenttype))
        ? null
        : `datacontenttype was understood as ${show(datacontenttype)}.`,
  }),
  dataRule(
    {
      id: 'http.binary-json',
      level: 'SHOULD',
      section: httpBinding('3.1.2', '312-event-data-encoding'),
      title: 'In binary mode the body is the data: JSON with characters of several bytes',
    },
    { body: JSON.stringify({ text: euro }) },
    ({ json }) => isDeepStrictEqual(json, { text: euro }),
  ),
  dataRule(
    {
      id: 'http.binary-bytes',
      level: 'SHOULD',
      section: httpBinding('3.1.2', '312-event-data-encoding'),
      title: 'In binary mode the body is the data: bytes that are not text',
    },
    { contentType: 'application/octet-stream', body: Buffer.from([0, 0xff, 0x80, 0x0d, 0x0a]) },
    ({ bytes }) => bytes.equals(Buffer.from([0, 0xff, 0x80, 0x0d, 0x0a])),
  ),
  dataRule(
    {
      id: 'http.chunked',
      level: 'MUST',
      section: rfc(9112, '7.1'),
      title: 'A body in chunks, without Content-Length, is read',
    },
    { headers: { 'transfer-encoding': 'chunked' }, body: '{"chunked": true}' },
    ({ json }) => isDeepStrictEqual(json, { chunked: true }),
  ),
  refuses({
    id: 'http.binary-required',
    level: 'SHOULD',
    section: core('REQUIRED Attributes', 'required-attributes'),
    title: 'In binary mode an event without a required attribute is refused',
    mode: 'binary',
    send: (lab) => requiredNames.map((name) => ({ ...binaryMessage(lab, { headers: { [`ce-${name}`]: '' } }), what: `without ${name}` })),
  }),
  accepts({
    id: 'http.size',
    level: 'SHOULD',
    section: core('Size Limits', 'size-limits'),
    title: 'An event of 64 KiB is accepted',
    mode: 'binary',
    send: (lab) => binaryMessage(lab, { body: JSON.stringify('x'.repeat(65_000)) }),
  }),
]

/** The example of the specification. */
function encodedEuro(): string {
  return 'Euro%20%E2%82%AC%20%F0%9F%98%80'
}

const structuredRules: readonly Rule[] = [
  {
    id: 'http.structured',
    level: 'SHOULD',
    section: modes,
    title: 'Events in structured mode, in the JSON format, are accepted',
    check: async (lab) => {
      const { isAccepted, answer } = await lab.once(structured)
      return isAccepted ? pass(answer) : fail(answer)
    },
  },
  understands({
    id: 'http.structured-charset',
    level: 'SHOULD',
    section: httpBinding('3.2.1', '321-http-content-type'),
    title: 'The media type may have a charset: application/cloudevents+json; charset=UTF-8',
    mode: 'structured',
    send: (lab) => structuredMessage(makeEvent(lab, { data: euro }), `${structuredType}; charset=UTF-8`),
    compare: ({ data: { json } }) => (json === euro ? null : `The data were understood as ${show(json)}.`),
  }),
  understands({
    id: 'http.media-type-case',
    level: 'SHOULD',
    section: mapping,
    title: 'The media type is read without regard to case',
    mode: 'structured',
    send: (lab) => structuredMessage(makeEvent(lab, { subject: 'text' }), 'Application/CloudEvents+JSON'),
    compare: attribute('subject', 'text'),
  }),
  understands({
    id: 'http.structured-attributes',
    level: 'MUST',
    section: httpBinding('3.2.3', '323-metadata-headers'),
    title: 'In structured mode the attributes are those of the body, also of an unknown extension',
    mode: 'structured',
    send: (lab) => structuredMessage(makeEvent(lab, { comexampletext: 'value' })),
    compare: attribute('comexampletext', 'value'),
  }),
  understands({
    id: 'http.structured-null',
    level: 'MUST',
    section: jsonFormat('2.2', '22-type-system-mapping'),
    title: 'In structured mode an attribute of the value null is unset',
    mode: 'structured',
    send: (lab) => structuredMessage(makeEvent(lab, { comexampletext: null })),
    compare: ({ attributes: { comexampletext = null } }) =>
      comexampletext === null ? null : `It was understood as ${show(comexampletext)}.`,
  }),
  understands({
    id: 'http.structured-base64',
    level: 'MUST',
    section: jsonFormat('3.1.2', '312-payload-deserialization'),
    title: 'data_base64 is decoded to bytes',
    mode: 'structured',
    send: (lab) => structuredMessage(makeEvent(lab, { datacontenttype: 'application/octet-stream', data_base64: 'AP+AQQ==' })),
    compare: ({ data: { bytes } }) =>
      bytes.equals(Buffer.from('AP+AQQ==', 'base64')) ? null : `The data were understood as the bytes ${show(bytes.toString('base64'))}.`,
  }),
  understands({
    id: 'http.structured-string',
    level: 'MUST',
    section: jsonFormat('3.1.2', '312-payload-deserialization'),
    title: 'Data that are a JSON string stay a string, also where the text looks like JSON',
    mode: 'structured',
    send: (lab) => structuredMessage(makeEvent(lab, { datacontenttype: 'application/json', data: '{"text": 1}' })),
    compare: ({ data: { json } }) => (json === '{"text": 1}' ? null : `The data were understood as ${show(json)}.`),
  }),
  refuses({
    id: 'http.structured-required',
    level: 'SHOULD',
    section: core('REQUIRED Attributes', 'required-attributes'),
    title: 'In structured mode an event is refused without a required attribute, and with an empty one',
    mode: 'structured',
    send: (lab) =>
      requiredNames.flatMap((name) => [
        { ...structuredMessage({ ...makeEvent(lab), [name]: undefined }), what: `without ${name}` },
        { ...structuredMessage(makeEvent(lab, { [name]: '' })), what: `with an empty ${name}` },
      ]),
  }),
  refuses({
    id: 'http.bad-time',
    level: 'SHOULD',
    section: core('OPTIONAL Attributes, time', 'time'),
    title: 'An event whose time is not of RFC 3339 is refused',
    mode: 'structured',
    send: (lab) => ['yesterday', '2018-02-30T00:00:00Z'].map((time) => ({ ...structuredMessage(makeEvent(lab, { time })), what: time })),
  }),
  refuses({
    id: 'http.not-json',
    level: 'SHOULD',
    section: httpBinding('3.2.2', '322-event-data-encoding'),
    title: 'A body of application/cloudevents+json that is not an event in JSON is refused',
    mode: 'structured',
    send: () =>
      ['{"specversion": "1.0", ', '[]', '"text"'].map((body) => ({ headers: { 'content-type': structuredType }, body, what: body })),
  }),
  refuses({
    id: 'http.both-data-members',
    level: 'SHOULD',
    section: jsonFormat('3.1.1', '311-payload-serialization'),
    title: 'An event that has data and data_base64 is refused',
    mode: 'structured',
    send: (lab) => [{ ...structuredMessage(makeEvent(lab, { data: 1, data_base64: 'AA==' })), what: 'both' }],
  }),
]

const batchOf = (events: readonly AnyEvent[]): Message => ({ headers: { 'content-type': batchType }, body: JSON.stringify(events) })

const batchRules: readonly Rule[] = [
  {
    id: 'http.batch',
    level: 'MAY',
    section: httpBinding('3.3', '33-batched-content-mode'),
    title: 'A batch of events in the JSON batch format is accepted',
    check: async (lab) => {
      const { status, isAccepted, answer } = await sendOnly(lab, batchOf([makeEvent(lab), makeEvent(lab)]))
      if (isAccepted) return pass(answer)
      if (status === null) return notChecked(answer)
      return status >= 500 ? fail(answer) : notApplicable(`The server takes no batches. ${answer}`)
    },
  },
  {
    id: 'http.empty-batch',
    level: 'MAY',
    section: jsonFormat('4', '4-json-batch-format'),
    title: 'A batch may be empty',
    check: async (lab) => {
      const first = await sendOnly(lab, batchOf([makeEvent(lab)]))
      if (first.status === null) return notChecked(first.answer)
      if (!first.isAccepted) return notApplicable(`The server takes no batches. ${first.answer}`)
      const { isAccepted, answer } = await sendOnly(lab, batchOf([]))
      return isAccepted ? pass(answer) : fail(answer)
    },
  },
]

const hostileText = 'a "b" 100% €'

/** An event whose attribute needs encoding where a server sends it on in a header. */
const hostileReply: Observation<Exchange> = {
  make: (lab) =>
    exchange(lab, structuredMessage(makeEvent(lab, { comexampletext: hostileText, datacontenttype: 'application/json', data: 1 }))),
}

type ReplyAbout = Omit<About, 'mode'>

/** A rule about a CloudEvent in an answer: the server is then a sender. The event that it answers is a plain one. */
function replyRule(about: ReplyAbout, judge: (reply: NonNullable<Exchange['reply']>) => Verdict | Promise<Verdict>): Rule {
  return withReply(about, (_lab, reply) => judge(reply))
}

function withReply(about: ReplyAbout, judge: (lab: Lab, reply: NonNullable<Exchange['reply']>) => Verdict | Promise<Verdict>): Rule {
  return {
    ...about,
    check: async (lab) => {
      const { reply, status, answer } = await lab.once(structured)
      if (status === null) return notChecked(answer)
      return reply === null ? notApplicable(`The server answers with no event. ${answer}`) : judge(lab, reply)
    },
  }
}

function judgeHeaders(headers: NonNullable<Exchange['reply']>['headers']): Verdict {
  const raw = Object.entries(headers).filter(([name]) => name.startsWith('ce-'))
  const bad = raw.find(([, value]) => !/^[\u0021-\u007e]*$/.test(String(value)) || /"|%(?![0-9a-f]{2})/i.test(String(value)))
  if (bad !== undefined) return fail(`The header ${bad[0]} is ${show(bad[1])}.`)
  const text = headers['ce-comexampletext']
  if (text !== undefined && decodeHeader(String(text)) !== hostileText) return fail(`ce-comexampletext is ${show(text)}.`)
  return pass('No header has a character that needs encoding.')
}

const replyRules: readonly Rule[] = [
  replyRule(
    {
      id: 'http.reply-attributes',
      level: 'MUST',
      section: core('REQUIRED Attributes', 'required-attributes'),
      title: 'An event in an answer has all required attributes',
    },
    ({ event }) => {
      if (event === null) return fail('The answer says that it is an event in JSON, and is none.')
      const missing = requiredNames.filter((name) => typeof event.attributes[name] !== 'string' || event.attributes[name] === '')
      return missing.length === 0 ? pass('It has them.') : fail(`It has no ${missing.join(', ')}.`)
    },
  ),
  withReply(
    {
      id: 'http.reply-encoding',
      level: 'MUST',
      section: headerValues,
      title: 'Attributes in headers of an answer are percent-encoded',
    },
    async (lab, plainReply) => {
      if (plainReply.mode !== 'binary') return notApplicable('The answer is in structured mode.')
      const { reply, status, answer } = await lab.once(hostileReply)
      if (status === null) return notChecked(answer)
      if (reply === null) return fail(`An event with an attribute that needs encoding is not answered with an event. ${answer}`)
      return judgeHeaders(reply.headers)
    },
  ),
  replyRule(
    {
      id: 'http.reply-datacontenttype',
      level: 'MUST',
      section: httpBinding('3.1.1', '311-http-content-type'),
      title: 'An answer has no header ce-datacontenttype',
    },
    ({ headers }) =>
      headers['ce-datacontenttype'] === undefined ? pass('It has none.') : fail(`It is ${show(headers['ce-datacontenttype'])}.`),
  ),
]

export const httpRules: readonly Rule[] = [...binaryRules, ...structuredRules, ...batchRules, ...replyRules]
