import type { Filter } from '../filters.ts'

/** Bounds of a gateway, with room for the filters of its own version (docs/protocol.md, section 2.6). */
const maxAttributes = 32
const maxBytes = 2_048

/** JSON of the filters of each tab, once, in a fixed order. `[]`: a tab wants everything. */
export const distinct = (lists: Iterable<readonly Filter[]>): readonly string[] =>
  [...new Set([...lists].map((filters) => JSON.stringify(filters)))].toSorted()

/** Returns true if a connection with the union of `lists` brings all that the filters let through. */
export const covers = (lists: readonly string[], filters: readonly Filter[]): boolean =>
  lists.includes('[]') || lists.includes(JSON.stringify(filters))

/** Returns filters that let through what one of the lists does. They let everything through where the gateway would refuse the exact ones. */
export function unionOf(lists: readonly string[]): readonly Filter[] {
  if (lists.length === 0 || lists.includes('[]')) return []
  const parsed = lists.map((text) => JSON.parse(text) as readonly Filter[]) // made by distinct()
  const [only, ...others] = parsed
  const union: readonly Filter[] = only && others.length === 0 ? only : [{ any: parsed.map((all): Filter => ({ all })) }]
  const isTooMuch = JSON.stringify(union).length > maxBytes || countAttributes(union) > maxAttributes || depthOf(union) > 8
  return isTooMuch ? [] : union
}

const innerOf = (filter: Filter): readonly Filter[] =>
  'all' in filter ? filter.all : 'any' in filter ? filter.any : 'not' in filter ? [filter.not] : []

const countAttributes = (filters: readonly Filter[]): number =>
  filters.reduce((count, filter) => {
    const inner = innerOf(filter)
    return count + (inner.length > 0 ? countAttributes(inner) : Object.keys(Object.values(filter)[0] ?? {}).length)
  }, 0)

const depthOf = (filters: readonly Filter[]): number => Math.max(0, ...filters.map((filter) => 1 + depthOf(innerOf(filter))))
