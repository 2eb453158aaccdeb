import { randomUUID } from 'node:crypto'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'

export const leaseType: ResourceType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', isNamespaced: true }

/** What a Lease says: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/#LeaseSpec */
export interface LeaseRecord {
  /** Empty: nobody. */
  readonly holder: string
  /** Null: it does not say, or nothing that can be. */
  readonly durationMs: number | null
  readonly transitions: number
  readonly acquireTime: string | null
}

/** A Lease as it was seen, and since when it has been so. */
export interface ObservedLease {
  readonly object: KubernetesObject
  readonly record: LeaseRecord
  /** When this state was seen first, on our own clock. */
  readonly sinceMs: number
}

/**
 * Notes what was read. The times inside of a Lease come from the holder's clock, which may be wrong, so they are never compared with ours. They only
 * serve to make each renewal another state: a state that has lasted for the lease's duration by our own clock has not been renewed for so long.
 */
export function observeLease(before: ObservedLease | null, object: KubernetesObject, nowMs: number): ObservedLease {
  const isSame = before !== null && JSON.stringify(before.object['spec']) === JSON.stringify(object['spec'])
  return { object, record: readLease(object), sinceMs: isSame ? before.sinceMs : nowMs }
}

/** Nobody holds it, we do (an acquisition whose answer was lost), or its holder has not renewed it for its duration. */
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

/** The Lease, held by this one. Whatever else it says stays. */
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

/** The Lease, free for the next one at once. */
export function releasedLease(object: KubernetesObject, wallMs: number): KubernetesObject {
  return withSpec(object, { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(wallMs), acquireTime: microTime(wallMs) })
}

function withSpec(object: KubernetesObject, spec: Readonly<Record<string, unknown>>): KubernetesObject {
  const before = (object['spec'] ?? {}) as Readonly<Record<string, unknown>> // Spreading anything else adds nothing that the server would take.
  return { ...object, spec: { ...before, ...spec } }
}

/** `metav1.MicroTime` has six digits, and the API server takes no other number of them. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z')
}

/**
 * A name that no other process has or had. Only that makes it safe to take a Lease in one's own name: two processes with one name would both do so.
 * @param name for people: the pod's
 */
export function uniqueIdentity(name: string): string {
  return `${name}_${randomUUID()}`
}
