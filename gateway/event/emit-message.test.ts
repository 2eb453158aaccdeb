import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anAudience } from '../testing/builders.ts'
import { decodeEmitMessage, emitMessageSource } from './emit-message.ts'

const limits = { maxEventBytes: 1000, maxAudienceNames: 4 }
const parts = { limits, newId: () => 'made-up', now: () => new Date('2026-01-31T12:00:00.000Z') }
const aMessage = (over: object = {}): object => ({
  id: 'message-id',
  type: 'notifications.drawer',
  broadcast: true,
  payload: { title: 'New notification' },
  ...over,
})
const decodeBytes = (body: Buffer) => decodeEmitMessage(body, parts)
const decode = (message: unknown) => decodeBytes(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)))
const problemsOf = (message: unknown): unknown => {
  const decoded = decode(message)
  return decoded.ok
    ? 'ok'
    : decoded.error.kind === 'invalid-event'
      ? decoded.error.problems.map(({ attribute, detail }) => `${attribute}: ${detail}`)
      : decoded.error.kind
}
const dataOf = (message: unknown): string | null | undefined => {
  const decoded = decode(message)
  return decoded.ok ? (decoded.value.data?.toString() ?? null) : undefined
}

describe('decodeEmitMessage', () => {
  it('makes an event of the message that the documentation shows', () => {
    const decoded = decode(
      aMessage({ users: [], roles: [], organizations: [], payload: { title: 'New notification', description: 'Some longer body' } }),
    )
    const data = Buffer.from('{"title":"New notification","description":"Some longer body"}')
    const event = {
      id: 'message-id',
      source: emitMessageSource,
      attributes: { type: 'notifications.drawer', time: '2026-01-31T12:00:00.000Z' },
      datacontenttype: 'application/json',
      data,
      isBinary: false,
      audience: anAudience({ broadcast: true }),
    }
    expect(decoded).toEqual({ ok: true, value: event })
  })

  it('reads every part of the audience', () => {
    const audience = { users: ['1'], usernames: ['ü+%-_'], organizations: ['a'], roles: ['r'] }
    expect(decode(aMessage({ broadcast: false, ...audience }))).toMatchObject({ ok: true, value: { audience: anAudience(audience) } })
  })

  it('makes up an id for a message that has none', () => {
    expect([aMessage({ id: undefined }), aMessage({ id: null })].map(decode)).toMatchObject([
      { value: { id: 'made-up' } },
      { value: { id: 'made-up' } },
    ])
  })

  it('has no data without a payload, and null as data when that is the payload', () => {
    expect(
      [aMessage({ payload: undefined }), aMessage({ payload: null }), aMessage({ payload: 0 }), aMessage({ payload: '' })].map(dataOf),
    ).toEqual([null, 'null', '0', '""'])
  })

  it('keeps numbers that a double would round', () => {
    expect(dataOf('{"type":"t","broadcast":true,"payload":{"id":12345678901234567890,"n":1.5}}')).toBe(
      '{"id":12345678901234567890,"n":1.5}',
    )
  })

  // {"organizations": ["o1"], "role": ["admin"]} was 202, and reached the whole organization.
  it.each([
    ['role', 'role: is not a member. Did you mean `roles`?'],
    ['Roles', 'Roles: is not a member. Did you mean `roles`?'],
    ['userNames', 'userNames: is not a member. Did you mean `usernames`?'],
    ['organisation', 'organisation: is not a member. Did you mean `organizations`?'],
    ['payloads', 'payloads: is not a member. Did you mean `payload`?'],
    ['data', 'data: is not a member. Did you mean `payload`?'],
    ['groups', 'groups: is not a member. The members are id, type, broadcast, users, usernames, organizations, roles, payload.'],
    ['source', 'source: is not a member: it belongs to a CloudEvent, which `POST events` takes.'],
    ['audience', 'audience: is not a member: put broadcast, users, usernames, organizations, roles beside `type`.'],
    ['constructor', expect.stringMatching(/^constructor: is not a member. The members are/)],
  ])('refuses the member %s, and says which one was meant', (name, problem) => {
    expect(problemsOf(aMessage({ organizations: ['o1'], [name]: ['admin'] }))).toEqual([problem])
  })

  it('refuses a member `__proto__` of any kind', () => {
    expect(
      ['{"roles":["admin"]}', '1', 'null'].map((value) => problemsOf(`{"type":"t","organizations":["o1"],"__proto__":${value}}`)),
    ).toEqual(Array.from({ length: 3 }, () => [expect.stringMatching(/^__proto__: is not a member/)]))
  })

  it('refuses a member that is there twice: the last one would count', () => {
    expect(problemsOf('{"type":"t","organizations":["o1"],"roles":["admin"],"roles":[]}')).toEqual([
      'null: The message has a member twice. Only one of the two would count.',
    ])
  })

  it('does not report an empty audience when a member of it is misspelt', () => {
    expect(problemsOf({ type: 't', user: ['ann'] })).toEqual(['user: is not a member. Did you mean `users`?'])
  })

  it('names 20 unknown members and counts the others, also of a body that has 40,000', () => {
    const many = (count: number) =>
      problemsOf(aMessage(Object.fromEntries(Array.from({ length: count }, (_, index) => [`member${index}`, 1]))))
    expect(many(20)).toHaveLength(20)
    expect(many(21)).toHaveLength(21)
    expect(many(40_000)).toEqual(expect.arrayContaining(['null: The message has 39980 more unknown members.']))
  })

  it.each([
    ['no type', { type: undefined }, ['type: is missing. It must be a non-empty string.']],
    ['an empty type', { type: '' }, [expect.stringMatching(/^type: must be a non-empty string/)]],
    ['a number as id', { id: 7 }, [expect.stringMatching(/^id: must be a non-empty string/)]],
    ['an empty id', { id: '' }, [expect.stringMatching(/^id: must be a non-empty string/)]],
    ['an id with a line break', { id: 'a\nb' }, [expect.stringMatching(/^id: must/)]],
    ['no audience', { broadcast: undefined }, [expect.stringMatching(/^audience: has no recipients/)]],
    [
      'an audience without recipients',
      { broadcast: false, users: [], roles: [], organizations: [] },
      [expect.stringMatching(/^audience: has no recipients/)],
    ],
    ['roles without organizations', { broadcast: false, roles: ['admin'] }, [expect.stringMatching(/^audience: .*roles.*organizations/)]],
    [
      'roles without organizations beside users',
      { broadcast: false, users: ['1'], roles: ['admin'] },
      [expect.stringMatching(/^audience: .*roles.*organizations/)],
    ],
    ['a string as broadcast', { broadcast: 'true' }, [expect.stringMatching(/^audience: .*broadcast/)]],
    ['a string as users', { users: 'ann' }, [expect.stringMatching(/^audience: .*users/)]],
    ['too many names', { users: ['1', '2', '3', '4', '5'] }, [expect.stringMatching(/^audience: .*\b4\b/)]],
    ['a name that is too long', { users: ['x'.repeat(513)] }, [expect.stringMatching(/^audience: .*512/)]],
    [
      'several things',
      { id: '', type: 1, broadcast: 1 },
      [expect.stringMatching(/^id/), expect.stringMatching(/^type/), expect.stringMatching(/^audience/)],
    ],
  ])('refuses a message with %s', (_, wrong, expected) => {
    expect(problemsOf(aMessage(wrong))).toEqual(expected)
  })

  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"x"'],
    ['a number of 20 digits', '12345678901234567890'],
  ])('refuses %s: no object', (_, body) => {
    expect(problemsOf(body)).toEqual(['null: The message must be a JSON object.'])
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['truncated', Buffer.from('{"type":"t"')],
    ['text', Buffer.from('hello')],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('refuses a body that is %s', (_, body) => {
    expect(decodeBytes(body)).toEqual({ ok: false, error: { kind: 'not-json', detail: expect.stringMatching(/\.$/) } })
  })

  it('refuses JSON that is nested too deep, and says that this is what is wrong', () => {
    const body = Buffer.from(`{"type":"t","broadcast":true,"payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)
    expect(decodeBytes(body)).toEqual({ ok: false, error: { kind: 'json-too-deep', detail: expect.stringContaining('64 levels') } })
  })

  it('refuses a payload from the first byte beyond the limit on', () => {
    expect([998, 999, 10_000_000].map((length) => problemsOf(aMessage({ payload: 'x'.repeat(length) })))).toEqual([
      'ok',
      'event-too-large',
      'event-too-large',
    ])
  })

  it('repeats no value in a refusal', () => {
    expect(JSON.stringify(decode({ id: ['secret'], type: { secret: 1 }, users: ['secret', 7], roles: ['secret'] }))).not.toContain('secret')
  })

  it('has an answer to any bytes', () => {
    const message = fc.dictionary(
      fc.constantFrom('id', 'type', 'broadcast', 'users', 'roles', 'organizations', 'payload', '__proto__'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          message.map((one) => Buffer.from(JSON.stringify(one))),
        ),
        (body) => void expect(decodeBytes(body)).toHaveProperty('ok'),
      ),
    )
  })
})
