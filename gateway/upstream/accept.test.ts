import { describe, expect, it } from 'vitest'
import { type AcceptRule, ruleDefaults } from '../config/accept-rule.ts'
import { createAccept, maxSenders } from './accept.ts'

const rule = (kind: 'exact' | 'prefix', text: string, over: Partial<AcceptRule> = {}): AcceptRule => ({
  ...ruleDefaults,
  match: { kind, text },
  roles: null,
  schema: null,
  ...over,
})
const compile = () => () => null
const accept = (...rules: readonly AcceptRule[]) => createAccept(rules, { compile, now: 0 })

describe('the rules of a channel', () => {
  it('decide by the first one that matches the type, exactly or by its beginning', () => {
    const rules = accept(rule('exact', 'chat.message'), rule('prefix', 'chat.'), rule('exact', 'chat.typing', { maxBytes: 1 }))
    const found = ['chat.message', 'chat.typing', 'chat.', 'chat', 'chat.messages', 'Chat.message', 'x', ''].map(
      (type) => rules.find(type)?.match,
    )
    const [exact, prefix] = [
      { kind: 'exact', text: 'chat.message' },
      { kind: 'prefix', text: 'chat.' },
    ]
    expect(found).toEqual([exact, prefix, prefix, undefined, prefix, undefined, undefined, undefined])
  })

  it('may accept every type', () => {
    expect(accept(rule('prefix', '')).find('anything')).not.toBeNull()
  })

  it('accept nothing if there is none', () => {
    expect(accept().find('chat.message')).toBeNull()
  })

  it('count each user of a rule, however many rules there are', () => {
    const many = Array.from({ length: 64 }, (_, index) => rule('exact', `type-${index}`, { ratePerUser: 1, burst: 1 }))
    const limiter = accept(...many).find('type-7')?.rateLimiter
    const refused = Array.from({ length: 2_000 }, (_, user) => limiter?.take(`user-${user}`, 1, 0)).filter((waitMs) => waitMs !== 0)
    expect(refused).toEqual([])
  })

  it('counts the rates of 40,000 users over all rules', () => {
    const rules = accept(rule('exact', 'a'), rule('exact', 'b', { ratePerUser: 1, burst: 1 }))
    const limiter = rules.find('b')?.rateLimiter
    const take = (user: string): number => limiter?.take(user, 1, 0) ?? -1
    for (let user = 0; user < maxSenders; user += 1) take(`user-${user}`)
    expect(rules.senders()).toBe(maxSenders)
    // Further users share one rate.
    expect([take('late'), take('later'), take(`user-0`)]).toEqual([0, 1000, 1000])
    expect(limiter?.take('user-0', 1, 1000)).toBe(0)
  })
})
