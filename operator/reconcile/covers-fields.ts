import type { KubernetesObject, ManagedFieldsEntry } from '../runtime/kubernetes-api.ts'

type FieldsNode = Readonly<Record<string, unknown>>

/**
 * Whether a manager still owns every field of what it applied.
 *
 * The naive way to find a child that somebody edited is to compare it with what we want, and it never ends: the server writes down `1` as
 * `1000m`, adds what we left out, and sorts. But it also keeps account of who owns which field: whoever changes or removes a field of ours
 * takes it from us. So nothing has to be compared: what we own all of is as we applied it, and what others added is theirs.
 *
 * @param desired what was applied
 * @param fields of our entry in `managedFields`: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (fieldsV1)
 */
export function ownsAllFields(desired: object, fields: ManagedFieldsEntry['fieldsV1']): boolean {
  if (fields === undefined) return false
  return Object.entries(desired).every(([name, value]) => {
    if (name === 'apiVersion' || name === 'kind') return true
    return name === 'metadata' && isMap(value) ? coversMap(withoutNames(value), nodeAt(fields, 'f:metadata') ?? {}) : coversField(name, value, fields)
  })
}

/** What a manager owns of an object by server-side apply; null when it has applied nothing, or has lost all. */
export function fieldsOf(object: KubernetesObject, manager: string): ManagedFieldsEntry['fieldsV1'] | null {
  const isOurs = (entry: ManagedFieldsEntry): boolean => entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === ''
  return object.metadata.managedFields?.find(isOurs)?.fieldsV1 ?? null
}

/** What names an object is nobody's field. */
function withoutNames({ name: _name, namespace: _namespace, managedFields: _managedFields, ...rest }: FieldsNode): FieldsNode {
  return rest
}

function coversField(name: string, value: unknown, parent: FieldsNode): boolean {
  // What is undefined or null was not sent, or says that there is nothing. An empty list whose items have keys is not written down at all.
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return true
  const node = nodeAt(parent, `f:${name}`)
  return node !== null && covers(value, node)
}

/** @param node of the value itself, so it is ours; only parts of it may be not. */
function covers(value: unknown, node: FieldsNode): boolean {
  // A leaf: a value, or a map or list that the server takes as one value.
  if (Object.keys(node).length === 0) return true
  if (Array.isArray(value)) return value.every((item) => coversItem(item, node))
  return isMap(value) ? coversMap(value, node) : true
}

function coversMap(map: FieldsNode, node: FieldsNode): boolean {
  return Object.entries(map).every(([name, value]) => coversField(name, value, node))
}

function coversItem(item: unknown, list: FieldsNode): boolean {
  if (!isMap(item)) return nodeAt(list, `v:${JSON.stringify(item)}`) !== null
  return Object.keys(list).some((step) => {
    const node = step.startsWith('k:') && hasKey(item, step.slice(2)) ? nodeAt(list, step) : null
    return node !== null && covers(item, node)
  })
}

/** A part of the key that we left to the server's default, as a port's protocol, may be anything. */
function hasKey(item: FieldsNode, key: string): boolean {
  const parts: unknown = JSON.parse(key) // written by the API server
  return isMap(parts) && Object.entries(parts).every(([name, value]) => item[name] === undefined || item[name] === value)
}

function nodeAt(parent: FieldsNode, step: string): FieldsNode | null {
  const node = parent[step]
  return isMap(node) ? node : null
}

function isMap(value: unknown): value is FieldsNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
