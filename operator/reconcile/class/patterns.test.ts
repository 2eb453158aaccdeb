import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { isAmbiguous } from '../../../api/name-pattern.ts'
import { matchesText } from '../../config/topic-pattern.ts'
import { matchesHost, matchesKey, matchesPair, matchesPath } from './patterns.ts'

const channel = { namespace: 'shop', name: 'news' }

describe('a pattern of hosts', () => {
  it.each([
    ['*.apps.example.com', 'a.apps.example.com', true],
    ['*.apps.example.com', 'a.b.apps.example.com', false],
    ['*.apps.example.com', 'apps.example.com', false],
    ['*.apps.example.com', 'a.apps.example.com.evil.org', false],
    ['*.apps.example.com', 'aXapps.example.com', false],
    ['NAMESPACE.apps.example.com', 'shop.apps.example.com', true],
    ['NAMESPACE.apps.example.com', 'shop2.apps.example.com', false],
    ['NAME-*.example.com', 'news-eu.example.com', true],
    ['kafka.NAMESPACE.svc:9092', 'kafka.shop.svc:9092', true],
    ['*.kafka.svc:9092', 'a.kafka.svc:9093', false],
    ['10.0.0.*:9092', '10.0.0.7:9092', true],
  ])('%s: %s is %s', (pattern, host, isAllowed) => {
    expect(matchesHost(pattern, channel, host)).toBe(isAllowed)
  })
})

describe('a pattern of paths', () => {
  it.each([
    ['/NAMESPACE', '/shop', true],
    ['/NAMESPACE', '/shop/news', true],
    ['/NAMESPACE', '/shopping', false],
    ['/NAMESPACE', '/a/shop', false],
    ['/wss/NAME', '/wss/news', true],
    ['/wss/NAME', '/wss', false],
    ['/*/NAMESPACE', '/api/shop/x', true],
    ['/*/NAMESPACE', '/api/v1/shop', false],
    ['/*', '/anything/below', true],
  ])('%s: %s is %s', (pattern, path, isAllowed) => {
    expect(matchesPath(pattern, channel, path)).toBe(isAllowed)
  })
})

describe('a pattern of keys and pairs', () => {
  it.each([
    ['cert-manager.io/*', 'cert-manager.io/issuer', true],
    ['cert-manager.io/*', 'cert-managerXio/issuer', false],
    ['NAMESPACE', 'shop', false],
    ['OTEL_*', 'OTEL_SDK_DISABLED', true],
  ])('%s: the key %s is %s', (pattern, key, isAllowed) => {
    expect(matchesKey(pattern, key)).toBe(isAllowed)
  })

  it.each([
    ['dedicated', 'dedicated', 'anything', true],
    ['dedicated=edge', 'dedicated', 'edge', true],
    ['dedicated=edge', 'dedicated', 'core', false],
    ['dedicated=', 'dedicated', '', true],
    ['dedicated=', 'dedicated', 'x', false],
    ['pool=edge-*', 'pool', 'edge-1', true],
  ])('%s: %s=%s is %s', (pattern, key, value, isAllowed) => {
    expect(matchesPair(pattern, key, value)).toBe(isAllowed)
  })
})

describe('a pattern', () => {
  /** The same, said as a regular expression. */
  const oracle = (pattern: string, star: string): RegExp => {
    const source = pattern.replaceAll(
      /NAMESPACE|NAME|[^A-Za-z0-9]/g,
      (word) => ({ NAMESPACE: channel.namespace, NAME: channel.name, '*': star })[word] ?? `\\${word}`,
    )
    return new RegExp(`^${source}$`)
  }
  const token = fc.constantFrom('NAMESPACE', 'NAME', '*', 'shop', 'news', 'a', '-', '.', '/')
  const tokens = fc.array(token, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''))
  const text = fc
    .array(fc.constantFrom('shop', 'news', 'a', '-', '.', '/', 'x'), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(''))

  test('of texts takes what a regular expression takes', () => {
    fc.assert(
      fc.property(tokens, text, (pattern, given) => {
        expect(matchesText(pattern, channel, given)).toBe(oracle(pattern, '.*').test(given))
      }),
      { numRuns: 3_000 },
    )
  })

  /** Hosts and paths have no empty pieces. */
  const pieces = (separator: string, piece: fc.Arbitrary<string>) =>
    fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(separator))
  const wanted = fc
    .array(fc.constantFrom('NAMESPACE', 'NAME', '*', 'a', '-', 'shop'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join(''))
  const given = fc.array(fc.constantFrom('shop', 'news', 'a', '-', 'x'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''))

  test('of hosts never reaches over a dot', () => {
    fc.assert(
      fc.property(pieces('.', wanted), pieces('.', given), (pattern, host) => {
        expect(matchesHost(pattern, channel, host)).toBe(oracle(pattern, '[^.]*').test(host))
      }),
      { numRuns: 3_000 },
    )
  })

  test('of paths never reaches over a slash, and takes all below it', () => {
    fc.assert(
      fc.property(pieces('/', wanted), pieces('/', given), (pattern, path) => {
        const below = new RegExp(oracle(`/${pattern}`, '[^/]*').source.replace(/\$$/, '(/.*)?$'))
        expect(matchesPath(`/${pattern}`, channel, `/${path}`)).toBe(below.test(`/${path}`))
      }),
      { numRuns: 3_000 },
    )
  })

  /** Namespaces have dashes in their names: `a-b` and `a` must never be taken for each other. */
  const label = fc.stringMatching(/^[ab](?:[ab-]{0,3}[ab])?$/)
  const named = fc.array(fc.constantFrom('NAME', '*', '-', 'a', 'b'), { maxLength: 2 }).map((parts) => parts.join(''))
  const withNamespace = (separator: string) =>
    fc
      .tuple(fc.array(named, { maxLength: 2 }), named, named, fc.array(named, { maxLength: 2 }))
      .map(([before, left, right, after]) =>
        [...before, `${left}NAMESPACE${right}`, ...after].filter((piece) => piece !== '').join(separator),
      )

  test.each([
    ['hosts', '.', matchesHost],
    ['paths', '/', matchesPath],
    ['texts', '.', matchesText],
  ] as const)('of %s that is not ambiguous gives nothing to two namespaces, with any names of channels', (_kind, separator, matches) => {
    const prefix = separator === '/' ? '/' : ''
    const thing = fc.array(label, { minLength: 1, maxLength: 4 }).map((parts) => `${prefix}${parts.join(separator)}`)
    fc.assert(
      fc.property(
        withNamespace(separator),
        thing,
        fc.uniqueArray(label, { minLength: 2, maxLength: 2 }),
        fc.tuple(label, label),
        (pattern, value, [one = '', other = ''], [first, second]) => {
          fc.pre(!isAmbiguous(pattern))
          const own = matches(`${prefix}${pattern}`, { namespace: one, name: first }, value)
          const theirs = matches(`${prefix}${pattern}`, { namespace: other, name: second }, value)
          expect(own && theirs).toBe(false)
        },
      ),
      { numRuns: 20_000 },
    )
  })
})
