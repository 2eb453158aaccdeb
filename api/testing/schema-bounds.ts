import type { StructuralSchema } from '../v1alpha1/schema/json-schema.ts'
import type { SchemaField } from '../v1alpha1/walk-schema.ts'

/** One bound of a field: a value just within it, one just beyond it, and the API server's complaint about the latter. */
export interface Bound {
  readonly name: string
  readonly within: unknown
  readonly beyond: unknown
  readonly complaint: string
}

/** Returns the bounds of a field. Values may break other bounds of the same field. The complaints tell them apart. */
export function boundsOf({ schema }: SchemaField): readonly Bound[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties, pattern } = schema
  const entries = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, '1']))
  const items = (count: number): readonly unknown[] =>
    Array.from({ length: count }, (_, index) => (schema.items?.type === 'object' ? itemOf(schema.items, index) : `item-${index}`))
  const text = (length: number): string => 'a'.repeat(length)
  const bounds: readonly (Bound | null)[] = [
    minimum === undefined
      ? null
      : { name: 'minimum', within: minimum, beyond: minimum - 1, complaint: `should be greater than or equal to ${minimum}` },
    maximum === undefined
      ? null
      : { name: 'maximum', within: maximum, beyond: maximum + 1, complaint: `should be less than or equal to ${maximum}` },
    minLength === undefined
      ? null
      : {
          name: 'minLength',
          within: text(minLength),
          beyond: text(minLength - 1),
          complaint: `should be at least ${minLength} chars long`,
        },
    maxLength === undefined
      ? null
      : { name: 'maxLength', within: text(maxLength), beyond: text(maxLength + 1), complaint: `may not be more than ${maxLength} bytes` },
    minItems === undefined
      ? null
      : { name: 'minItems', within: items(minItems), beyond: items(minItems - 1), complaint: `should have at least ${minItems} items` },
    maxItems === undefined
      ? null
      : { name: 'maxItems', within: items(maxItems), beyond: items(maxItems + 1), complaint: `must have at most ${maxItems} items` },
    maxProperties === undefined
      ? null
      : {
          name: 'maxProperties',
          within: entries(maxProperties),
          beyond: entries(maxProperties + 1),
          complaint: `must have at most ${maxProperties} items`,
        },
    // None of our patterns accepts a blank.
    pattern === undefined ? null : { name: 'pattern', within: null, beyond: '    ', complaint: `should match '${pattern}'` },
    schema.enum === undefined ? null : { name: 'enum', within: schema.enum[0], beyond: 'something-else', complaint: 'supported values: ' },
  ]
  return bounds.filter((bound) => bound !== null)
}

function itemOf({ required, properties = {} }: StructuralSchema, index: number): object {
  // Items without required fields have a name, or else their first field.
  const [first = 'name'] = Object.hasOwn(properties, 'name') ? ['name'] : Object.keys(properties)
  return Object.fromEntries((required ?? [first]).map((name) => [name, properties[name]?.enum?.[0] ?? `${name}-${index}`]))
}

/**
 * Sets a field of a manifest, and creates its missing parents. The path is from `walkSchema`. The first item and the key `key` stand for
 * all.
 */
export function withField<M extends object>(manifest: M, path: string, value: unknown): M {
  const steps = stepsOf(path)
  const copy = structuredClone(manifest)
  // Plain JSON: each step creates missing values. The types of manifests are for their readers.
  let place = copy as Record<string, unknown>
  for (const step of steps.slice(0, -1)) {
    place[step.key] ??= step.isList ? [] : {}
    place = place[step.key] as Record<string, unknown>
  }
  place[steps.at(-1)?.key ?? ''] = value
  return copy
}

/** Returns the value that `withField` has set. Undefined: there is none. */
export function fieldAt(manifest: object, path: string): unknown {
  return stepsOf(path).reduce<unknown>(
    (place, { key }) => (typeof place === 'object' && place !== null ? (place as Record<string, unknown>)[key] : undefined),
    manifest,
  )
}

/** Names the field as the API server does. */
export function reportedPath(path: string): string {
  return path.replaceAll('[]', '[0]').replace(/\*$/, 'key')
}

interface Step {
  readonly key: string
  /** True: the step leads to a list. */
  readonly isList: boolean
}

function stepsOf(path: string): readonly Step[] {
  return path.split('.').flatMap((part) => {
    const lists = part.split('[]').length - 1
    const name = part.replaceAll('[]', '')
    return [{ key: name === '*' ? 'key' : name, isList: lists > 0 }, ...(lists > 0 ? [{ key: '0', isList: false }] : [])]
  })
}
