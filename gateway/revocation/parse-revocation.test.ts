import { describe, expect, it } from 'vitest'
import { maxSubjects, parseRevocation } from './parse-revocation.ts'
import { maxNameLength } from './subject.ts'

const nowMs = Date.UTC(2026, 0, 31, 12)
const parse = (body: unknown) => parseRevocation(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), nowMs)

describe('parseRevocation', () => {
  it.each([
    [
      { users: ['ann', 'bob'] },
      [
        { kind: 'user', name: 'ann' },
        { kind: 'user', name: 'bob' },
      ],
    ],
    [{ users: ['ann', 'ann'] }, [{ kind: 'user', name: 'ann' }]],
    [{ organization: 'Žofie & 李' }, [{ kind: 'organization', name: 'Žofie & 李' }]],
    [{ tokenIds: ['t-1'] }, [{ kind: 'token', name: 't-1' }]],
  ])('reads %j', (body, subjects) => {
    expect(parse(body)).toEqual({ ok: true, value: { subjects, issuedBeforeMs: nowMs } })
  })

  it.each([
    ['2026-01-31T11:00:00Z', nowMs - 3_600_000],
    ['2026-01-31t13:00:00.5+01:00', nowMs + 500],
    ['2026-01-31T12:05:00Z', nowMs + 300_000],
    ['0001-01-01T00:00:00Z', 0],
  ])('reads the time %s', (issuedBefore, issuedBeforeMs) => {
    expect(parse({ organization: 'o', issuedBefore })).toMatchObject({ ok: true, value: { issuedBeforeMs } })
  })

  const tooMany = Array.from({ length: maxSubjects + 1 }, (_, n) => `u${n}`)
  it.each([
    ['', 'not-json', 'The body'],
    ['[]', 'bad-request', 'must be a JSON object'],
    [{}, 'bad-request', 'one of users, organization and tokenIds. It has 0.'],
    [{ users: ['a'], organization: 'o' }, 'bad-request', 'It has 2.'],
    [{ users: ['a'], tokenIds: null }, 'bad-request', 'It has 2.'],
    [{ users: null }, 'bad-request', 'users must be a list'],
    [{ users: 'ann' }, 'bad-request', 'users must be a list'],
    [{ users: [] }, 'bad-request', 'users is empty, so nothing would be revoked'],
    [{ users: ['ann', ''] }, 'bad-request', 'users[1] must be a text of 1 to'],
    [{ users: [7] }, 'bad-request', 'users[0] must be'],
    [{ users: ['x'.repeat(maxNameLength + 1)] }, 'bad-request', 'users[0] must be'],
    [{ users: ['half \ud83d'] }, 'bad-request', 'users[0] must be'],
    [{ users: tooMany }, 'bad-request', 'users has 1001 entries. At most 1000'],
    [{ organization: '' }, 'bad-request', 'organization must be'],
    [{ organization: ['o'] }, 'bad-request', 'organization must be'],
    [{ organisation: 'o' }, 'bad-request', 'organisation is not a member. Did you mean `organization`?'],
    [{ user: ['a'] }, 'bad-request', 'Did you mean `users`?'],
    ['{"users":["a"],"users":["b"]}', 'bad-request', 'a member twice'],
    [{ users: ['a'], issuedBefore: 1_769_860_800 }, 'bad-request', 'issuedBefore must be an RFC 3339 timestamp'],
    [{ users: ['a'], issuedBefore: 'yesterday' }, 'bad-request', 'issuedBefore must be an RFC 3339 timestamp'],
    [{ users: ['a'], issuedBefore: '2026-01-31T12:05:00.001Z' }, 'bad-request', 'more than 5 minutes ahead'],
  ])('refuses %.60j', (body, type, detail) => {
    expect(parse(body)).toEqual({ ok: false, error: { type, detail: expect.stringContaining(detail) } })
  })
})
