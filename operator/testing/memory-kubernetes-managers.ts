import {
  changedLeaves,
  fieldsV1Of,
  keyOf,
  leavesOfSubresource,
  mergeApplied,
  pathOf,
  withoutLeaves,
  type Path,
} from './memory-kubernetes-fields.ts'
import type { KubernetesObject, ManagedFieldsEntry } from '../../api/kubernetes.ts'
import type { ApplyOptions } from '../runtime/kubernetes-api.ts'

/** Owners of an object's leaves. One row for each manager, operation and subresource. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly subresource: string | undefined
  /** Paths as JSON. */
  readonly owned: ReadonlySet<string>
}

export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly object: KubernetesObject; readonly managers: readonly Manager[] }
  | { readonly kind: 'conflict'; readonly managers: readonly string[]; readonly fields: readonly string[] }

/** Applies `applied` to `live` (null: it does not exist yet) as `options.fieldManager`. */
export function applyFields(
  live: KubernetesObject | null,
  managers: readonly Manager[],
  applied: KubernetesObject,
  options: ApplyOptions,
): ApplyOutcome {
  const { fieldManager, force, subresource } = options
  const wanted = restrict(applied, subresource)
  const mine = (row: Manager): boolean => row.manager === fieldManager && row.operation === 'Apply' && row.subresource === subresource
  const owned = new Set(leavesOfSubresource(wanted, subresource).keys())
  const base = live ?? { apiVersion: applied.apiVersion, kind: applied.kind, metadata: { name: applied.metadata.name } }
  // `wanted` has a name and metadata, so the result has them, too.
  const merged = mergeApplied(base, wanted) as KubernetesObject
  const { set } = changedLeaves(leavesOfSubresource(base, subresource), leavesOfSubresource(merged, subresource))
  const changed = new Set(set)
  const contested = managers.filter((row) => !mine(row)).map((row) => ({ row, fields: [...row.owned].filter((key) => changed.has(key)) }))
  const conflicts = contested.filter(({ fields }) => fields.length > 0)
  if (conflicts.length > 0 && !force) {
    return {
      kind: 'conflict',
      managers: conflicts.map(({ row }) => row.manager),
      fields: conflicts.flatMap(({ fields }) => fields.map(readable)),
    }
  }
  const others = managers.filter((row) => !mine(row)).map((row) => disown(row, changed))
  const wantedBy = [owned, ...others.map((row) => row.owned)]
  const given = [...(managers.find(mine)?.owned ?? [])].filter((key) => !wantedBy.some((keys) => reaches(keys, key)))
  const object = withoutLeaves(merged, new Set(given))
  return { kind: 'applied', object, managers: tidy([...others, { manager: fieldManager, operation: 'Apply', subresource, owned }]) }
}

/** Makes the writer the only owner of the fields that it changed. */
export function takeFields(
  before: KubernetesObject | null,
  after: KubernetesObject,
  managers: readonly Manager[],
  by: string,
): readonly Manager[] {
  const leaves = (object: KubernetesObject | null): ReadonlyMap<string, unknown> =>
    object === null ? new Map() : leavesOfSubresource(object, undefined)
  const { set, removed } = changedLeaves(leaves(before), leaves(after))
  const isBy = (row: Manager): boolean => row.manager === by && row.operation === 'Update' && row.subresource === undefined
  const lost = new Set([...set, ...removed])
  const rows = managers.map((row) => disown(row, isBy(row) ? new Set(removed) : lost))
  const had = rows.find(isBy)
  const owned = new Set([...(had?.owned ?? []), ...set])
  return tidy([...rows.filter((row) => !isBy(row)), { manager: by, operation: 'Update', subresource: undefined, owned }])
}

/** Renders the managers as the server shows them. */
export function managedFieldsOf(managers: readonly Manager[], apiVersion: string): readonly ManagedFieldsEntry[] {
  return managers.map(({ manager, operation, subresource, owned }) => ({
    manager,
    operation,
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1Of(owned),
    ...(subresource === undefined ? {} : { subresource }),
  }))
}

function restrict(object: KubernetesObject, subresource: string | undefined): KubernetesObject {
  const { apiVersion, kind, metadata } = object
  if (subresource === 'status') return { apiVersion, kind, metadata: { name: metadata.name }, status: object['status'] }
  const { status: _status, ...rest } = object
  return rest // an object without its status is an object still
}

/** Returns true if the path, or a path below it, is in the set. An applied empty map still exists when it has entries now. */
function reaches(keys: ReadonlySet<string>, key: string): boolean {
  const below = `${key.slice(0, -1)},`
  return keys.has(key) || [...keys].some((each) => each.startsWith(below))
}

function disown(row: Manager, lost: ReadonlySet<string>): Manager {
  return { ...row, owned: new Set([...row.owned].filter((key) => !lost.has(key))) }
}

function tidy(managers: readonly Manager[]): readonly Manager[] {
  return managers.filter(({ owned }) => owned.size > 0).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

function rank({ operation, manager, subresource = '' }: Manager): string {
  return keyOf([operation, manager, subresource])
}

/** Renders a path as in the server's messages: `.spec.replicas`. */
function readable(key: string): string {
  const path: Path = pathOf(key)
  return path.map((step) => (step.startsWith('f:') ? `.${step.slice(2)}` : step === '.' ? '' : `[${step.slice(2)}]`)).join('')
}
