import { print } from './cesql/print.ts'
import type { AttributeText, Filter } from './filter.ts'

/**
 * Returns the canonical form of a filter: attributes and members of `all` and `any` sorted and once each, `all` in `all` and `any` in `any` as one,
 * no `all` or `any` of one member, no `not` of `not`. Filters that differ in these alone then have one text, and are checked once.
 */
export function canonical(filter: Filter): Filter {
  switch (filter.kind) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return { kind: filter.kind, texts: filter.texts.toSorted(byName) }
    case 'all':
    case 'any':
      return canonicalList(filter.kind, filter.filters.map(canonical))
    case 'not': {
      const inner = canonical(filter.filter)
      return inner.kind === 'not' ? inner.filter : { kind: 'not', filter: inner }
    }
    case 'sql':
      return filter
  }
}

function canonicalList(kind: 'all' | 'any', members: readonly Filter[]): Filter {
  const flat = members.flatMap((member) => (member.kind === kind ? member.filters : [member]))
  const byText = new Map(flat.map((member) => [textOf(member), member] as const))
  const filters = [...byText.keys()].toSorted().flatMap((text) => byText.get(text) ?? [])
  const [only] = filters
  return only !== undefined && filters.length === 1 ? only : { kind, filters }
}

const byName = (left: AttributeText, right: AttributeText): number => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0)

/** Writes a filter as the JSON of the Subscriptions API. Two filters in canonical form with one text are the same filter. */
export const textOf = (filter: Filter): string => JSON.stringify(jsonOf(filter))

function jsonOf(filter: Filter): unknown {
  switch (filter.kind) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return { [filter.kind]: Object.fromEntries(filter.texts.map(({ name, text }) => [name, text])) }
    case 'all':
    case 'any':
      return { [filter.kind]: filter.filters.map(jsonOf) }
    case 'not':
      return { not: jsonOf(filter.filter) }
    case 'sql':
      return { sql: print(filter.expression) }
  }
}
