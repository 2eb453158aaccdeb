import type { KubernetesObject, ManagedFieldsEntry } from '../../../api/kubernetes.ts'
import { isRecord } from '../../../program/is-record.ts'

type FieldsNode = Readonly<Record<string, unknown>>

/**
 * Returns whether a manager still owns every field of what it applied.
 *
 * The naive way to find an edited child is to compare it with the wanted object. That never ends: the server stores `1` as `1000m`, adds what we left out, and
 * sorts. But the server also records who owns which field. A client that changes or removes a field of ours takes it from us. So nothing has to be compared. If
 * we own all fields, the object is as we applied it, and what other managers added is theirs.
 *
 * @param desired object that was applied
 * @param fields of our entry in `managedFields`: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (fieldsV1)
 */
export function ownsAllFields(desired: object, fields: ManagedFieldsEntry['fieldsV1']): boolean {
  return lostFields(desired, fields).length === 0
}

/**
 * Returns the applied fields that the manager no longer owns, as people write them: `spec.replicas`, `spec.template.spec.containers[gateway].image`. Each names
 * the outermost part that is lost.
 */
export function lostFields(desired: object, fields: ManagedFieldsEntry['fieldsV1']): readonly string[] {
  if (fields === undefined) return ['all fields']
  return Object.entries(desired).flatMap(([name, value]) => {
    if (name === 'apiVersion' || name === 'kind') return []
    return name === 'metadata' && isRecord(value)
      ? lostOfMap(withoutNames(value), nodeAt(fields, 'f:metadata') ?? {}, 'metadata')
      : lostOfField(name, value, { fields, path: '' })
  })
}

/** Returns the other managers that own one of these fields, each with its subresource. For an item of a list, returns the managers of any part of the list. */
export function takersOf(object: KubernetesObject, lost: readonly string[], manager: string): readonly string[] {
  const others = (object.metadata.managedFields ?? []).filter((entry) => entry.manager !== manager)
  const takers = others.filter(
    ({ fieldsV1 }) => fieldsV1 !== undefined && lost.some((path) => hasPart(fieldsV1, path.replace(/\[.*$/, '').split('.'))),
  )
  return [
    ...new Set(
      takers.map(({ manager: name, subresource = '' }) => (subresource === '' ? name : `${name} by the subresource ${subresource}`)),
    ),
  ].toSorted()
}

function hasPart(fields: FieldsNode, names: readonly string[]): boolean {
  let node: FieldsNode | null = fields
  for (const name of names) node = node === null ? null : nodeAt(node, `f:${name}`)
  return node !== null
}

/** Returns the fields that a manager owns by server-side apply; null when it has applied nothing, or has lost all. */
export function fieldsOf(object: KubernetesObject, manager: string): ManagedFieldsEntry['fieldsV1'] | null {
  const isOurs = (entry: ManagedFieldsEntry): boolean =>
    entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === ''
  return object.metadata.managedFields?.find(isOurs)?.fieldsV1 ?? null
}

/** Returns metadata without the fields that name an object: no manager owns them. */
function withoutNames({ name: _name, namespace: _namespace, managedFields: _managedFields, ...rest }: FieldsNode): FieldsNode {
  return rest
}

/** Path in the object, and the fields that are owned there. */
interface Place {
  readonly fields: FieldsNode
  readonly path: string
}

function lostOfField(name: string, value: unknown, { fields, path }: Place): readonly string[] {
  // Undefined was not sent, and null means no value. The server does not store an empty list whose items have keys.
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return []
  const node = nodeAt(fields, `f:${name}`)
  const here = /^[\w-]+$/.test(name) ? `${path === '' ? '' : `${path}.`}${name}` : `${path}[${name}]`
  return node === null ? [here] : lostOfValue(value, node, here)
}

/** @param node entry of the value itself, which is ours; parts of it may be lost */
function lostOfValue(value: unknown, node: FieldsNode, path: string): readonly string[] {
  // A leaf: a value, or a map or list that the server treats as one value.
  if (Object.keys(node).length === 0) return []
  if (Array.isArray(value)) return value.flatMap((item) => lostOfItem(item, node, path))
  return isRecord(value) ? lostOfMap(value, node, path) : []
}

function lostOfMap(map: FieldsNode, fields: FieldsNode, path: string): readonly string[] {
  return Object.entries(map).flatMap(([name, value]) => lostOfField(name, value, { fields, path }))
}

function lostOfItem(item: unknown, list: FieldsNode, path: string): readonly string[] {
  if (!isRecord(item)) return nodeAt(list, `v:${JSON.stringify(item)}`) === null ? [`${path}[${String(item)}]`] : []
  const here = `${path}[${String(item['name'] ?? item['containerPort'] ?? item['port'] ?? item['type'] ?? '')}]`
  const lost = Object.keys(list).flatMap((step) => {
    const node = step.startsWith('k:') && hasKey(item, step.slice(2)) ? nodeAt(list, step) : null
    return node === null ? [] : [lostOfValue(item, node, here)]
  })
  return lost.find((each) => each.length === 0) ?? lost[0] ?? [here]
}

/** Returns whether an item has this key. A part that we left to the server's default, such as a port's protocol, may have any value. */
function hasKey(item: FieldsNode, key: string): boolean {
  const parts: unknown = JSON.parse(key) // written by the API server
  return isRecord(parts) && Object.entries(parts).every(([name, value]) => item[name] === undefined || item[name] === value)
}

function nodeAt(parent: FieldsNode, step: string): FieldsNode | null {
  const node = parent[step]
  return isRecord(node) ? node : null
}
