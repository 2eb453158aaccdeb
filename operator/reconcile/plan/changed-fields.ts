import type { FieldChange } from '../plan-types.ts'
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { fieldsOf } from '../children/owned-fields.ts'
import { marks, names } from '../settings.ts'
import { isRecord } from '../../../program/is-record.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Compares the wanted object with the live one, for people. No decision depends on it: the server stores some values in its own form, so a field may be shown
 * that the server considers equal. Fields that the operator never set are left out.
 */
export function changedFields(wanted: KubernetesObject, live: KubernetesObject): readonly FieldChange[] {
  return changesIn(wanted, live, { path: '', owned: fieldsOf(live, names.fieldManager) ?? {} }).filter(({ path }) => !isMark(path))
}

function isMark(path: string): boolean {
  return path === `metadata.annotations.${marks.applied}` || path === `metadata.annotations.${marks.appliedTemplate}`
}

interface Place {
  readonly path: string
  /** Node of `managedFields`: the fields that the operator has set below. */
  readonly owned: unknown
}

function changesIn(wanted: unknown, live: unknown, place: Place): readonly FieldChange[] {
  if (isRecord(wanted) && isRecord(live)) return changesInMap(wanted, live, place)
  if (hasNames(wanted) && hasNames(live)) return changesInList(wanted, live, place)
  return isPartOf(wanted, live) ? [] : [{ path: place.path, from: live, to: wanted }]
}

function changesInMap(wanted: Fields, live: Fields, { path, owned }: Place): readonly FieldChange[] {
  const at = (name: string): Place => ({
    path: path === '' ? name : `${path}.${name}`,
    owned: isRecord(owned) ? owned[`f:${name}`] : undefined,
  })
  const isGone = (name: string): boolean => wanted[name] === undefined && at(name).owned !== undefined
  return [
    ...Object.keys(wanted).flatMap((name) =>
      wanted[name] === undefined || isNothing(wanted[name], live[name]) ? [] : changesIn(wanted[name], live[name], at(name)),
    ),
    ...Object.keys(live)
      .filter(isGone)
      .map((name) => ({ path: at(name).path, from: live[name], to: undefined })),
  ]
}

/** Returns whether the change is none: the server does not store empty lists and maps. */
function isNothing(wanted: unknown, live: unknown): boolean {
  return live === undefined && typeof wanted === 'object' && wanted !== null && Object.keys(wanted).length === 0
}

function changesInList(wanted: readonly Named[], live: readonly Named[], { path, owned }: Place): readonly FieldChange[] {
  const at = (name: string): Place => ({ path: `${path}[${name}]`, owned: ownedItem(owned, name) })
  const itemOf = (items: readonly Named[], name: string): Named | undefined => items.find((item) => item.name === name)
  return [
    ...wanted.flatMap((item) => changesIn(item, itemOf(live, item.name), at(item.name))),
    ...live
      .filter(({ name }) => itemOf(wanted, name) === undefined && at(name).owned !== undefined)
      .map((item) => ({ path: at(item.name).path, from: item, to: undefined })),
  ]
}

function ownedItem(owned: unknown, name: string): unknown {
  const key = isRecord(owned)
    ? Object.keys(owned).find((step) => step.startsWith('k:') && step.includes(`"name":${JSON.stringify(name)}`))
    : undefined
  return key === undefined || !isRecord(owned) ? undefined : owned[key]
}

/** Returns whether the live value contains the wanted one: the server adds defaults to items. */
function isPartOf(wanted: unknown, live: unknown): boolean {
  if (Array.isArray(wanted) && Array.isArray(live))
    return wanted.length === live.length && wanted.every((item, index) => isPartOf(item, live[index]))
  if (isRecord(wanted) && isRecord(live))
    return Object.entries(wanted).every(([name, value]) => value === undefined || isPartOf(value, live[name]))
  return isDeepStrictEqual(wanted, live)
}

interface Named extends Fields {
  readonly name: string
}

function hasNames(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isRecord(item) && typeof item['name'] === 'string')
}

const maxFields = 8

/** Describes changes: `spec.replicas from 2 to 5, env[LOG_LEVEL] from info to warn`. Empty without changes. */
export function describeChanges(changes: readonly FieldChange[]): string {
  const shown = changes.slice(0, maxFields).map(describeChange)
  const more = changes.length - shown.length
  return [...shown, ...(more === 0 ? [] : [`and ${more} more`])].join(', ')
}

function describeChange({ path, from, to }: FieldChange): string {
  const name = path.replace(/^spec\.template\.spec\.containers\[gateway\]\./, '').replace(/^(env\[.*\])\.value$/, '$1')
  const [before, after] = [shortValueOf(from), shortValueOf(to)]
  if (to === undefined) return `${name} removed`
  if (from === undefined) return after === null ? `${name} added` : `${name} set to ${after}`
  return before === null || after === null ? `${name} changed` : `${name} from ${before} to ${after}`
}

const maxCharacters = 60

/** Returns a short value as text; null for a long one. */
function shortValueOf(value: unknown): string | null {
  const item = isRecord(value) && typeof value['value'] === 'string' && typeof value['name'] === 'string' ? value['value'] : value
  if (typeof item === 'object' || item === undefined) return null
  const text = typeof item === 'string' && item !== '' ? item : JSON.stringify(item)
  return text.length > maxCharacters ? null : text
}
