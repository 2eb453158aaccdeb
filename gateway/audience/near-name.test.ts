import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeUnknown, nearName, unknownMembers } from './near-name.ts'

const known = ['id', 'type', 'broadcast', 'users', 'usernames', 'organizations', 'roles', 'payload']

describe('nearName', () => {
  it.each([
    ['role', 'roles'],
    ['Roles', 'roles'],
    ['ROLES', 'roles'],
    ['rolles', 'roles'],
    ['roels', 'roles'],
    ['rules', 'roles'],
    ['rles', 'roles'],
    ['ro-les', 'roles'],
    ['roles ', 'roles'],
    ['ro\u200bles', 'roles'],
    ['r\u043eles', 'roles'],
    ['ｒｏｌｅｓ', 'roles'],
    ['user', 'users'],
    ['userName', 'usernames'],
    ['user_names', 'usernames'],
    ['username', 'usernames'],
    ['organization', 'organizations'],
    ['organisations', 'organizations'],
    ['organisation', 'organizations'],
    ['Organizatons', 'organizations'],
    ['broadcasts', 'broadcast'],
    ['brodcast', 'broadcast'],
    ['Payload', 'payload'],
    ['payloads', 'payload'],
    ['ID', 'id'],
    ['types', 'type'],
  ])('takes %s for %s', (given, meant) => {
    expect(nearName(given, known)).toBe(meant)
  })

  it.each([
    'groups',
    'scope',
    'is',
    'i',
    '',
    'title',
    'timestamp',
    'severity',
    'application',
    'bundle',
    'account',
    'org_id',
    'constructor',
    '__proto__',
    'read',
    'message',
    'rolesrolesroles',
    'x'.repeat(10_000),
  ])('takes %s for nothing', (given) => {
    expect(nearName(given, known)).toBeNull()
  })

  it('finds the name again after any one letter was added, left out, replaced or exchanged, and in any case', () => {
    const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
    const slip = fc.record({
      name: fc.constantFrom('broadcast', 'users', 'usernames', 'organizations', 'roles', 'payload'),
      at: fc.nat(20),
      by: letter,
      how: fc.constantFrom('add', 'drop', 'replace', 'exchange'),
      upper: fc.boolean(),
    })
    fc.assert(
      fc.property(slip, ({ name, at, by, how, upper }) => {
        const index = at % name.length
        const [head, tail] = [name.slice(0, index), name.slice(index)]
        const slipped = {
          add: head + by + tail,
          drop: head + tail.slice(1),
          replace: head + by + tail.slice(1),
          exchange: head + (tail[1] ?? '') + (tail[0] ?? '') + tail.slice(2),
        }[how]
        expect(nearName(upper ? slipped.toUpperCase() : slipped, [name])).toBe(name)
      }),
    )
  })
})

describe('an unknown member', () => {
  it('is found for every name', () => {
    expect(unknownMembers(JSON.parse('{"users":[],"__proto__":1,"toString":2,"role":3}'), known)).toEqual(['__proto__', 'toString', 'role'])
  })

  it('is described by the nearest member, or else by all of them', () => {
    expect([describeUnknown('role', known), describeUnknown('groups', ['users', 'roles'])]).toEqual([
      'is not a member. Did you mean `roles`?',
      'is not a member. The members are users, roles.',
    ])
  })
})
