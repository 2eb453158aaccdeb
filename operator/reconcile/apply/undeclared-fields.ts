import { isRecord } from '../../../program/is-record.ts'

/**
 * Parses the error of an apply with fields that the CustomResourceDefinition does not have. It happens to a status when the definition is
 * older than this operator. The API server refuses the whole apply, and has no option to leave such fields out.
 * @returns the paths of the fields, from the root. Empty when the apply was refused for another reason
 */
export function undeclaredFields(message: string): readonly (readonly string[])[] {
  return [...message.matchAll(/\.([\w.]+): field not declared in schema/g)].map(([, path = '']) => path.split('.'))
}

/** Returns the object without the field of this path. An object without the field is returned as it is. */
export function withoutField(object: unknown, [name, ...rest]: readonly string[]): unknown {
  if (!isRecord(object) || name === undefined) return object
  const fields = Object.entries(object).flatMap(([key, value]) => {
    if (key !== name) return [[key, value] as const]
    return rest.length === 0 ? [] : [[key, withoutField(value, rest)] as const]
  })
  return Object.fromEntries(fields)
}
