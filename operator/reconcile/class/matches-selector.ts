import type { Bounds } from './bounds.ts'

/**
 * Returns whether labels match a selector: all its requirements must hold, and an empty selector matches all labels.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function matchesSelector(
  { matchLabels = {}, matchExpressions = [] }: NonNullable<Bounds['namespaces']>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  const hasLabels = Object.entries(matchLabels).every(([key, value]) => valueOf(key) === value)
  return (
    hasLabels &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = valueOf(key)
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value)
        // A missing label has no value, so it is not in the list.
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
        default:
          return operator satisfies never
      }
    })
  )
}
