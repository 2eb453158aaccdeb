import { randomUUID } from 'node:crypto'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'

export const leaseType: ResourceType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', isNamespaced: true }

/** The content of a Lease: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/#LeaseSpec */
export interface LeaseRecord {
  /** Empty: the Lease is free. */
  readonly holder: string
  /** Null: missing or not valid. */
  readonly durationMs: number | null
  readonly transitions: number
  readonly acquireTime: string | null
}

/** A Lease as it was read, and the time since when it has been so. */
export interface ObservedLease {
  readonly object: KubernetesObject
  readonly record: LeaseRecord
  /** Time when this state was first read, on our own clock. */
  readonly sinceMs: number
}

/**
 * Notes a Lease that was read. The times in a Lease come from the holder's clock, which may be wrong, so they are never compared with ours.
 * They only make each renewal a different state. A state that has lasted for the duration, by our own clock, has not been renewed for so
 * long.
 */
export function observeLease(before: ObservedLease | null, object: KubernetesObject, nowMs: number): ObservedLease {
  const isSame = before !== null && JSON.stringify(before.object['spec']) === JSON.stringify(object['spec'])
  return { object, record: readLease(object), sinceMs: isSame ? before.sinceMs : nowMs }
}

/**
 * Returns true if the Lease may be taken: it is free, its holder has not renewed it for its duration, or we hold it already. The last
 * happens when the response to an acquisition was lost.
 */
export function mayTake(
  { record, sinceMs }: ObservedLease,
  identity: string,
  { nowMs, durationMs }: { readonly nowMs: number; readonly durationMs: number },
): boolean {
  return record.holder === '' || record.holder === identity || nowMs - sinceMs >= (record.durationMs ?? durationMs)
}

export function readLease(object: KubernetesObject): LeaseRecord {
  const spec = (object['spec'] ?? {}) as Readonly<Record<string, unknown>> // An object, or its members are undefined and count as missing.
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime } = spec
  return {
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMs: typeof leaseDurationSeconds === 'number' && leaseDurationSeconds > 0 ? leaseDurationSeconds * 1_000 : null,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    acquireTime: typeof acquireTime === 'string' ? acquireTime : null,
  }
}

export function newLease({ namespace, name }: ObjectRef): KubernetesObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } }
}

export interface HoldOptions {
  readonly identity: string
  readonly durationMs: number
  readonly wallMs: number
}

/** Returns the Lease with this process as the holder. Its other fields stay. */
export function heldLease(object: KubernetesObject, { identity, durationMs, wallMs }: HoldOptions): KubernetesObject {
  const { holder, transitions, acquireTime } = readLease(object)
  const isSame = holder === identity
  const isNew = object['spec'] === undefined
  return withSpec(object, {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1_000),
    acquireTime: isSame && acquireTime !== null ? acquireTime : microTime(wallMs),
    renewTime: microTime(wallMs),
    leaseTransitions: isSame || isNew ? transitions : transitions + 1,
  })
}

/** Returns the Lease without a holder, so that the next process may take it at once. */
export function releasedLease(object: KubernetesObject, wallMs: number): KubernetesObject {
  return withSpec(object, { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(wallMs), acquireTime: microTime(wallMs) })
}

function withSpec(object: KubernetesObject, spec: Readonly<Record<string, unknown>>): KubernetesObject {
  const before = (object['spec'] ?? {}) as Readonly<Record<string, unknown>> // Spreading anything else adds nothing that the server would take.
  return { ...object, spec: { ...before, ...spec } }
}

/** Formats a `metav1.MicroTime`, which has six digits. The API server accepts no other number of digits. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z')
}

/**
 * Returns a name that no other process has or had. Taking a Lease in one's own name is safe only then: two processes with one name would
 * both do so.
 * @param name readable part: the pod's name
 */
export function uniqueIdentity(name: string): string {
  return `${name}_${randomUUID()}`
}
