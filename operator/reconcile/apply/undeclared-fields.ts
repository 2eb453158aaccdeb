import { isRecord } from '../../../program/is-record.ts'

/**
 * What the API server says of a field that its definition does not have, in an apply: of a status, when the CustomResourceDefinition is older than
 * this operator. It refuses the whole for that, and there is no way to ask it to leave such a field out.
 * @returns the paths of the fields, from the root; empty when it refused for something else
 */
export function undeclaredFields(message: string): readonly (readonly string[])[] {
  return [...message.matchAll(/\.([\w.]+): field not declared in schema/g)].map(([, path = '']) => path.split('.'))
}

/** An object without the field of this path; one that has no such field is as it was. */
export function withoutField(object: unknown, [name, ...rest]: readonly string[]): unknown {
  if (!isRecord(object) || name === undefined) return object
  const fields = Object.entries(object).flatMap(([key, value]) => {
    if (key !== name) return [[key, value] as const]
    return rest.length === 0 ? [] : [[key, withoutField(value, rest)] as const]
  })
  return Object.fromEntries(fields)
}
