import { describe, expect, it } from 'vitest'
import { describeAudience } from './audience-sentence.ts'
import { checkDraft, type Draft, readAudience } from './draft.ts'
import { templates } from './templates.ts'
import { emptyDraft } from './testing/drafts.ts'

const draft: Draft = { ...emptyDraft, type: 'hello', payload: '{"a":1}' }
const some: Draft = { ...draft, isBroadcast: false }
let made = 0
const makeId = (): string => `made-${(made += 1)}`
const problemsOf = (given: Draft): unknown => {
  const checked = checkDraft(given, makeId)
  return checked.ok ? {} : checked.problems
}
const messagesOf = (given: Draft): readonly object[] => {
  const checked = checkDraft(given, makeId)
  return checked.ok ? checked.requests.map(({ body }) => JSON.parse(body ?? '')) : []
}

describe('checkDraft', () => {
  it('makes a broadcast message, and ignores typed names', () => {
    expect(messagesOf({ ...draft, id: ' my-id ', users: 'left over' })).toEqual([
      { id: 'my-id', type: 'hello', broadcast: true, users: [], usernames: [], organizations: [], roles: [], payload: { a: 1 } },
    ])
  })

  it('makes a message for the union of the named recipients', () => {
    expect(messagesOf({ ...some, id: 'x', users: 'u1,u2', usernames: '名', organizations: 'o1', roles: 'admin' })).toEqual([
      {
        id: 'x',
        type: 'hello',
        broadcast: false,
        users: ['u1', 'u2'],
        usernames: ['名'],
        organizations: ['o1'],
        roles: ['admin'],
        payload: { a: 1 },
      },
    ])
  })

  it('gives copies ids of their own', () => {
    expect(messagesOf({ ...draft, id: 'x', copies: '2' })).toMatchObject([{ id: 'x-1' }, { id: 'x-2' }])
    const ids = messagesOf({ ...draft, copies: '3' }).map((message) => Object(message).id)
    expect(new Set(ids).size).toBe(3)
  })

  it('needs a recipient, a type, and a valid number of copies', () => {
    expect(problemsOf(some)).toEqual({ audience: 'Name at least one user, username or organization.' })
    expect(problemsOf({ ...draft, type: ' ' })).toHaveProperty('type')
    for (const copies of ['', '0', '101', '1.5', 'x'])
      expect(problemsOf({ ...draft, copies }), copies).toEqual({ copies: 'From 1 to 100.' })
  })

  it('knows that roles alone would cross organizations', () => {
    expect(problemsOf({ ...some, roles: 'admin' })).toEqual({ roles: 'Roles narrow organizations: name at least one organization.' })
    expect(problemsOf({ ...some, roles: 'admin', users: 'u' })).toHaveProperty('roles')
  })

  it('says in which line the payload stops being JSON', () => {
    expect(problemsOf({ ...draft, payload: '{\n  "a": 1,\n  b\n}' })).toEqual({
      payload: expect.stringMatching(/^This is not JSON\. .* in line 3, column 3\.$/),
    })
    expect(problemsOf({ ...draft, payload: '' })).toEqual({ payload: expect.stringContaining('This is not JSON.') })
  })

  it('takes any JSON, not only objects', () => {
    for (const payload of ['null', '0', '"x"', '[]']) expect(messagesOf({ ...draft, payload }), payload).toHaveLength(1)
  })

  it('tells all problems at once', () => {
    expect(Object.keys(Object(problemsOf({ ...some, type: '', payload: '{', copies: '' }))).toSorted()).toEqual([
      'audience',
      'copies',
      'payload',
      'type',
    ])
  })
})

describe('describeAudience', () => {
  const sentence = (more: Partial<Draft>): string => describeAudience(readAudience({ ...some, ...more }))
  it('says who gets it', () => {
    expect(describeAudience(readAudience(draft))).toBe('Everyone on the channel.')
    expect(sentence({})).toBe('No recipients yet.')
    expect(sentence({ users: 'u1, u2, u3' })).toBe('User u1, u2 and u3.')
    expect(sentence({ usernames: 'ada', organizations: 'o1, o2', roles: 'admin, owner' })).toBe(
      'Ada by name; members of o1 and o2 who are admin or owner.',
    )
  })
})

describe('templates', () => {
  it('are all fit to be emitted as they are', () => {
    const all = templates.map(({ type, payload }) => messagesOf({ ...draft, type, payload: JSON.stringify(payload(Date.now())) }))
    expect(all.map((messages) => messages.length)).toEqual(templates.map(() => 1))
  })

  it('have no name of one company in their types', () => {
    expect(templates.filter(({ type }) => /^(com|org|io|dev)\./.test(type))).toEqual([])
  })
})
