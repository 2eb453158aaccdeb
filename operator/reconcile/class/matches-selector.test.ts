import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesLabels } from '../../testing/memory-kubernetes-selectors.ts'
import { matchesSelector } from './matches-selector.ts'

describe('a selector of namespaces', () => {
  it('takes all labels when it is empty', () => {
    expect(matchesSelector({}, {})).toBe(true)
    expect(matchesSelector({ matchLabels: {}, matchExpressions: [] }, { a: 'b' })).toBe(true)
  })

  it('takes a namespace by its name', () => {
    const byName = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop', 'shop-eu'] }] } as const
    expect(matchesSelector(byName, { 'kubernetes.io/metadata.name': 'shop-eu' })).toBe(true)
    expect(matchesSelector(byName, { 'kubernetes.io/metadata.name': 'shop-e' })).toBe(false)
  })

  const key = fc.constantFrom('a', 'b', 'c')
  const value = fc.constantFrom('1', '2')
  const labels = fc.dictionary(key, value, { noNullPrototype: true })
  const expression = fc.record({
    key,
    operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
    values: fc.uniqueArray(value, { minLength: 1 }),
  })

  it('decides as kubectl does for the same selector', () => {
    const inWords = ({
      key: name,
      operator,
      values,
    }: {
      readonly key: string
      readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
      readonly values: readonly string[]
    }): string =>
      ({ In: `${name} in (${values.join(',')})`, NotIn: `${name} notin (${values.join(',')})`, Exists: name, DoesNotExist: `!${name}` })[
        operator
      ]
    fc.assert(
      fc.property(labels, fc.array(expression, { maxLength: 3 }), labels, (matchLabels, matchExpressions, given) => {
        const words = [...Object.entries(matchLabels).map(([name, each]) => `${name}=${each}`), ...matchExpressions.map(inWords)].join(',')
        expect(matchesSelector({ matchLabels, matchExpressions }, given)).toBe(
          matchesLabels({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x', labels: given } }, words),
        )
      }),
    )
  })
})
