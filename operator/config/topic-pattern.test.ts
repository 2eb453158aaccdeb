import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAmbiguous } from '../../api/name-pattern.ts'
import { matchesText } from './topic-pattern.ts'

const channel = { namespace: 'shop', name: 'orders' }

describe('a channel may use a topic', () => {
  test.each([
    ['NAMESPACE.NAME', 'shop.orders'],
    ['NAMESPACE.*', 'shop.orders'],
    ['NAMESPACE.*', 'shop.'],
    ['platform.*', 'platform.chrome'],
    ['events.NAMESPACE.NAME.v1', 'events.shop.orders.v1'],
    ['*.NAME', 'a.b.orders'],
    ['a*b*c', 'a-b-b-c'],
    ['*', 'x'],
  ])('that the pattern %j matches: %s', (pattern, topic) => {
    expect(matchesText(pattern, channel, topic)).toBe(true)
  })

  test.each([
    ['', 'anything.at_all'],
    ['NAMESPACE.NAME', 'shop.orders2'],
    ['NAMESPACE.NAME', 'x.shop.orders'],
    ['NAMESPACE.*', 'shop2.orders'],
    ['NAMESPACE.*', 'shopping'],
    ['NAMESPACE.*', 'NAMESPACE.orders'],
    ['platform.*', 'platformXchrome'],
    ['aa*aa', 'aaa'],
    ['a*b*c', 'acb'],
    ['orders', 'Orders'],
  ])('and no topic that its pattern does not match: %j, %s', (pattern, topic) => {
    expect(matchesText(pattern, channel, topic)).toBe(false)
  })

  test('and a dot in a pattern matches only a dot', () => {
    expect(matchesText('NAME', { namespace: 'shop', name: 'a.b' }, 'axb')).toBe(false)
  })

  test('with any characters in place of the stars', () => {
    const piece = fc.stringMatching(/^[ab.-]{0,3}$/)
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.array(piece, { minLength: 5, maxLength: 5 }), (pieces, filling) => {
        const topic = pieces.map((text, index) => (index === 0 ? text : `${filling[index] ?? ''}${text}`)).join('')
        expect(matchesText(pieces.join('*'), channel, topic)).toBe(true)
      }),
    )
  })
})

describe('a pattern that may give a topic to two namespaces', () => {
  test.each([
    'NAMESPACE*',
    'NAMESPACE-*',
    'NAMESPACE-NAME',
    'NAMESPACENAME',
    '*NAMESPACE.x',
    'x.*-NAMESPACE',
    '*.NAMESPACE.*',
    'NAME.NAMESPACE.*',
  ])('is ambiguous: %s', (pattern) => {
    expect(isAmbiguous(pattern)).toBe(true)
  })

  test.each([
    '',
    '*',
    'NAMESPACE',
    'NAMESPACE.*',
    'NAMESPACE.NAME',
    'x-NAMESPACE.NAME',
    'NAMESPACE-x.*',
    'NAME.NAMESPACE',
    'NAMESPACE.NAMESPACE.*',
  ])('is not %j', (pattern) => {
    expect(isAmbiguous(pattern)).toBe(false)
  })

  test('is always found: no other namespace matches a topic of a pattern that is not ambiguous', () => {
    const token = fc.constantFrom('NAME', '*', '.', '-', 'a', 'b')
    const anyPattern = fc
      .tuple(fc.array(token, { maxLength: 3 }), fc.array(token, { maxLength: 3 }))
      .map(([before, after]) => [...before, 'NAMESPACE', ...after].join(''))
    const label = fc.stringMatching(/^[ab](?:[ab-]{0,2}[ab])?$/)
    const anyName = fc.array(label, { minLength: 1, maxLength: 2 }).map((labels) => labels.join('.'))
    const star = fc.stringMatching(/^[ab.-]{0,4}$/)
    fc.assert(
      fc.property(anyPattern, label, anyName, fc.infiniteStream(star), (pattern, namespace, name, stars) => {
        fc.pre(!isAmbiguous(pattern))
        const topic = pattern.replaceAll(/NAMESPACE|NAME|\*/g, (word) =>
          word === '*' ? (stars.next().value ?? '') : word === 'NAME' ? name : namespace,
        )
        const parts = [...new Set(topic.split('').flatMap((_, from) => [1, 2, 3, 4].map((length) => topic.slice(from, from + length))))]
        const others = parts.filter((part) => part !== namespace && /^[ab](?:[ab-]*[ab])?$/.test(part))
        const names = topic
          .split('')
          .flatMap((_, from) => topic.split('').map((_letter, to) => topic.slice(from, to + 1)))
          .filter((text) => text !== '')
        const thieves = others.filter((other) =>
          [...names, name].some((its) => matchesText(pattern, { namespace: other, name: its }, topic)),
        )
        expect(thieves).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })
})
