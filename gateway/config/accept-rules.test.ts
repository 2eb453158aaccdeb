import { describe, expect, it } from 'vitest'
import { ruleBounds } from './accept-rule.ts'
import { parseAcceptRules } from './accept-rules.ts'

const parse = (rules: unknown) => parseAcceptRules(JSON.stringify(rules))
const mistakes = (rules: unknown): readonly string[] => {
  const parsed = parse(rules)
  return parsed.ok ? [] : parsed.error
}

describe('the rules of UPSTREAM_ACCEPT', () => {
  it('have defaults for everything but the type', () => {
    expect(parse([{ type: 'chat.message' }, { typePrefix: 'game.' }])).toEqual({
      ok: true,
      value: [
        {
          match: { kind: 'exact', text: 'chat.message' },
          maxBytes: 4096,
          ratePerUser: 5,
          burst: 10,
          roles: null,
          schema: null,
          deliverTo: 'none',
        },
        {
          match: { kind: 'prefix', text: 'game.' },
          maxBytes: 4096,
          ratePerUser: 5,
          burst: 10,
          roles: null,
          schema: null,
          deliverTo: 'none',
        },
      ],
    })
  })

  it('may be 64, and not one more', () => {
    const rules = (count: number): unknown => Array.from({ length: count }, () => ({ type: 'x' }))
    expect([mistakes(rules(ruleBounds.rules)), mistakes(rules(ruleBounds.rules + 1)).length]).toEqual([[], 1])
  })

  it('may say everything', () => {
    const schema = { type: 'object', required: ['text'], properties: { text: { type: 'string', maxLength: 500 } } }
    expect(
      parse([{ typePrefix: '', maxBytes: 65_536, ratePerUser: 1, burst: 1, roles: ['writer'], schema, deliverTo: 'organization' }]),
    ).toEqual({
      ok: true,
      value: [
        {
          match: { kind: 'prefix', text: '' },
          maxBytes: 65_536,
          ratePerUser: 1,
          burst: 1,
          roles: ['writer'],
          schema,
          deliverTo: 'organization',
        },
      ],
    })
  })

  it.each([
    ['nothing', [], 'UPSTREAM_ACCEPT: must be a JSON array of 1 to 64 rules'],
    ['an object', { type: 'x' }, 'UPSTREAM_ACCEPT: must be a JSON array of 1 to 64 rules'],
    ['65 rules', Array.from({ length: 65 }, () => ({ type: 'x' })), '1 to 64 rules'],
    ['a text for a rule', ['chat.message'], 'UPSTREAM_ACCEPT[0]: must be an object with `type` or `typePrefix`'],
    ['a rule without a type', [{}], 'UPSTREAM_ACCEPT[0]: must have exactly one of `type` and `typePrefix`'],
    ['a rule with both', [{ type: 'x', typePrefix: 'x' }], 'exactly one of'],
    ['an empty type', [{ type: '' }], 'UPSTREAM_ACCEPT[0].type: must be a text of at most 1024 characters'],
    ['a long type', [{ type: 'x'.repeat(1025) }], 'UPSTREAM_ACCEPT[0].type: must be a text of at most 1024 characters'],
    ['a type of the gateway', [{ type: 'dev.carillon.token' }], 'must not begin with dev.carillon.'],
    ['no bytes', [{ type: 'x', maxBytes: 0 }], 'UPSTREAM_ACCEPT[0].maxBytes: must be a whole number from 1 to 65536'],
    ['too many bytes', [{ type: 'x', maxBytes: 65_537 }], 'maxBytes: must be a whole number from 1 to 65536'],
    ['a rate of 0', [{ type: 'x', ratePerUser: 0 }], 'ratePerUser: must be a whole number from 1 to 10000'],
    ['a burst that is a text', [{ type: 'x', burst: '5' }], 'burst: must be a whole number from 1 to 10000'],
    ['no roles', [{ type: 'x', roles: [] }], 'roles: must be an array of 1 to 64 roles. Leave it out to let every user send'],
    ['a role that is a number', [{ type: 'x', roles: [1] }], 'roles: must be an array of 1 to 64 roles'],
    ['an unknown target', [{ type: 'x', deliverTo: 'everyone' }], 'deliverTo: must be one of none, self, organization'],
    ['a misspelt member', [{ type: 'x', rate: 5 }], 'UPSTREAM_ACCEPT[0].rate: no such member. A rule has type, typePrefix, maxBytes'],
    ['a schema that is a text', [{ type: 'x', schema: 'string' }], 'UPSTREAM_ACCEPT[0].schema: must be a JSON Schema, as an object'],
    [
      'a wrong schema',
      [{ type: 'x', schema: { properties: { a: { pattern: 'a' } } } }],
      'schema.properties.a.pattern: regular expressions',
    ],
  ])('are refused with their path and a remedy: %s', (_, rules, expected) => {
    expect(mistakes(rules).join('\n')).toContain(expected)
  })

  it('are refused with all mistakes at once', () => {
    expect(mistakes([{ type: 'x', maxBytes: 0, burst: 0 }, {}])).toHaveLength(3)
  })

  it('are refused if they are not JSON, without a quote of the text', () => {
    expect(parseAcceptRules('[secret')).toEqual({ ok: false, error: [expect.stringContaining('not JSON')] })
  })
})
