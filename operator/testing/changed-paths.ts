/**
 * Returns the paths of the values that were set, changed or removed between two values. Items of a list are compared by name if all have
 * one.
 * Any other list is one value.
 */
export function changedPaths(before: unknown, after: unknown, path = ''): readonly string[] {
  const [one, other] = [entriesOf(before), entriesOf(after)]
  if (one === null || other === null) return JSON.stringify(before) === JSON.stringify(after) ? [] : [path]
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted()
  return keys.flatMap((key) => changedPaths(one[key], other[key], path === '' ? key : `${path}.${key}`))
}

/** Null: a value without parts. */
function entriesOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null) return null
  if (!Array.isArray(value)) return value as Readonly<Record<string, unknown>> // an object, so it has keys
  const named = value.filter(
    (item): item is { readonly name: string } =>
      typeof item === 'object' && item !== null && typeof (item as { readonly name?: unknown }).name === 'string',
  )
  return named.length === value.length && named.length > 0 ? Object.fromEntries(named.map((item) => [item.name, item])) : null
}
