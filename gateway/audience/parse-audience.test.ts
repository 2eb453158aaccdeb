import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audience as anAudience } from '../testing/arbitraries.ts'
import {
  explainAudience,
  explainWholeAudience,
  formatAudience,
  maxNameLength,
  parseAudience,
  parseWholeAudience,
  readAudience,
} from './parse-audience.ts'

const limits = { maxAudienceNames: 5 }
const nobody = { broadcast: false, users: [], usernames: [], organizations: [], roles: [] }
const parsed = (value: unknown) => parseAudience(value, limits)

describe('parseAudience', () => {
  it('reads every member', () => {
    const value = { broadcast: false, users: ['1'], usernames: ['ann'], organizations: ['acme'], roles: ['admin', 'auditor'] }
    expect(parsed(value)).toEqual({ ok: true, value })
  })

  it('reads a broadcast with empty lists beside it, as the emit API has always been sent', () => {
    expect(parsed({ broadcast: true, users: [], roles: [], organizations: [] })).toEqual({
      ok: true,
      value: { ...nobody, broadcast: true },
    })
  })

  it('takes null for absent: that is what Go writes for a list that was never made', () => {
    expect(parsed({ broadcast: null, users: null, usernames: ['ann'], organizations: null, roles: null })).toEqual({
      ok: true,
      value: { ...nobody, usernames: ['ann'] },
    })
  })

  it('removes duplicates and keeps the order', () => {
    expect(parsed({ users: ['b', 'a', 'b'] })).toEqual({ ok: true, value: { ...nobody, users: ['b', 'a'] } })
  })

  it('keeps names that only look alike apart', () => {
    expect(parsed({ users: ['é', 'e\u0301', 'É', 'é '] })).toMatchObject({ value: { users: ['é', 'e\u0301', 'É', 'é '] } })
  })

  it.each([[{}], [{ broadcast: false }], [{ users: [], usernames: [], organizations: [], roles: [] }], [{ payload: { title: 'x' } }]])(
    'returns null for %j, which has no recipients',
    (value) => {
      expect(parsed(value)).toEqual({ ok: true, value: null })
    },
  )

  it.each([
    ['a text', 'users', 'audience must be an object'],
    ['a list', [], 'audience must be an object'],
    ['null', null, 'audience must be an object'],
    ['nothing', undefined, 'audience must be an object'],
    ['a broadcast that is a text', { broadcast: 'true' }, 'broadcast must be true or false.'],
    ['a broadcast that is a number', { broadcast: 1 }, 'broadcast must be true or false.'],
    ['users that are a text', { users: 'ann' }, 'users must be a list of strings.'],
    ['organizations that are an object', { organizations: { 0: 'acme' } }, 'organizations must be a list of strings.'],
    [
      'a user that is a number',
      { users: ['1', 2] },
      `users must hold only strings of 1 to ${maxNameLength} characters; item 1 is not one.`,
    ],
    ['an empty name', { usernames: [''] }, 'usernames must hold only strings'],
    ['a name that is too long', { organizations: ['x'.repeat(maxNameLength + 1)] }, 'organizations must hold only strings'],
    ['a null among the roles', { organizations: ['acme'], roles: [null] }, 'roles must hold only strings'],
    [
      'too many names',
      { users: ['1', '2', '3'], organizations: ['4', '5'], roles: ['6'] },
      'audience has 6 names in all; at most 5 are allowed (MAX_AUDIENCE_SIZE).',
    ],
  ])('refuses %s', (_title, value, sentence) => {
    expect(parsed(value)).toEqual({ ok: false, error: expect.stringContaining(sentence) })
  })

  it.each([
    ['alone', { roles: ['admin'] }],
    ['beside users', { users: ['1'], roles: ['admin'] }],
    ['beside usernames', { usernames: ['ann'], roles: ['admin'] }],
    ['beside empty organizations', { organizations: [], roles: ['admin'] }],
    ['beside a broadcast, which they cannot narrow', { broadcast: true, roles: ['admin'] }],
  ])('refuses roles %s, because they would cross organizations', (_title, value) => {
    expect(parsed(value)).toEqual({ ok: false, error: 'roles must come with organizations, because roles alone would cross tenants.' })
  })

  it('takes names up to the limits', () => {
    const longest = 'x'.repeat(maxNameLength)
    expect(parsed({ users: ['1', '2', '3', '4', longest] })).toMatchObject({ ok: true, value: { users: { length: 5 } } })
  })

  it('says everything that is wrong at once, and never a name', () => {
    const result = parsed({ broadcast: 'secret-1', users: ['secret-2', 7], usernames: 'secret-3', roles: ['secret-4'] })
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/^broadcast .*\. users .*\. usernames .*\. roles .*\.$/) })
    expect(JSON.stringify(result)).not.toContain('secret')
  })

  it('names the member at fault in problems by member', () => {
    expect(readAudience({ broadcast: 0, roles: ['admin'] }, limits)).toEqual({
      ok: false,
      error: [
        { member: 'broadcast', problem: 'must be true or false' },
        { member: 'roles', problem: 'must come with organizations, because roles alone would cross tenants' },
      ],
    })
  })

  it('never throws, and never makes an audience that the rules forbid', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.record(
            { broadcast: fc.anything(), users: fc.anything(), organizations: fc.anything(), roles: fc.anything() },
            { requiredKeys: [] },
          ),
        ),
        (value) => {
          const result = parsed(value)
          const audience = result.ok ? result.value : null
          expect(audience === null || audience.roles.length === 0 || audience.organizations.length > 0).toBe(true)
          expect(
            audience === null ||
              audience.broadcast ||
              audience.users.length + audience.usernames.length + audience.organizations.length > 0,
          ).toBe(true)
        },
      ),
    )
  })
})

describe('parseWholeAudience', () => {
  it('refuses a member that it does not know: a narrowing that is not understood would widen', () => {
    // Otherwise {"organizations": [...], "role": [...]} would reach all members of the organizations.
    expect(parseWholeAudience({ organizations: ['acme'], role: ['admin'] }, limits)).toEqual({
      ok: false,
      error:
        'audience has an unknown member. The members are broadcast, users, usernames, organizations, roles. One looks like a misspelt `roles`.',
    })
  })

  it.each(['toString', '__proto__', 'constructor'])('does not take %s for a member', (member) => {
    expect(parseWholeAudience(JSON.parse(`{"users":["1"],"${member}":[]}`), limits)).toMatchObject({ ok: false })
  })
})

describe('an audience, explained to the caller who wrote it,', () => {
  const explained = (value: unknown): unknown => explainWholeAudience(value, limits)

  it.each([
    [{ organizations: ['acme'], role: ['admin'] }, '`role` is not a member. Did you mean `roles`?'],
    [{ groups: ['g'] }, '`groups` is not a member. The members are broadcast, users, usernames, organizations, roles.'],
    [['ann'], 'must be an object with any of broadcast, users, usernames, organizations, roles.'],
    [{ users: ['1', '2', '3', '4', '5', '6'] }, 'has 6 names in all; at most 5 are allowed (MAX_AUDIENCE_SIZE).'],
    [{ roles: ['admin'] }, 'roles must come with organizations, because roles alone would cross tenants.'],
  ])('%j, follows the word audience without repeating it', (value, error) => {
    expect(explained(value)).toEqual({ ok: false, error })
  })

  it('names 10 unknown members and counts the others', () => {
    const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, 1]))
    expect([explained(members(10)), explained(members(11))]).toEqual([
      { ok: false, error: expect.stringMatching(/m9` .*roles\.$/) },
      { ok: false, error: expect.stringMatching(/And 1 more\.$/) },
    ])
  })

  it('is what the other readers make of it when it is right', () => {
    expect([explained({ users: ['1'] }), explainAudience({ users: ['1'], other: 1 }, limits)]).toEqual([
      parsed({ users: ['1'] }),
      parsed({ users: ['1'] }),
    ])
  })
})

describe('formatAudience', () => {
  it('writes what says something, and nothing else', () => {
    expect(formatAudience({ ...nobody, broadcast: true })).toBe('{"broadcast":true}')
    expect(formatAudience({ ...nobody, organizations: ['acme'], roles: ['admin'] })).toBe('{"organizations":["acme"],"roles":["admin"]}')
    expect(formatAudience(nobody)).toBe('{}')
  })

  it('is read back unchanged, with any names', () => {
    fc.assert(
      fc.property(anAudience, (audience) => {
        const read = parseWholeAudience(JSON.parse(formatAudience(audience)), { maxAudienceNames: 20 })
        const isNobody = !audience.broadcast && audience.users.length + audience.usernames.length + audience.organizations.length === 0
        expect(read).toEqual({ ok: true, value: isNobody ? null : audience })
      }),
    )
  })
})
