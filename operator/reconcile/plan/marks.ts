import { createHash } from 'node:crypto'
import { isRecord } from '../../../program/is-record.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { marks } from '../settings.ts'

/**
 * Returns the object with its marks. A new request is compared with the previous request, never with the stored object. The API server fills in defaults there,
 * writes quantities in its own form, and lets webhooks change fields.
 */
export function markObject(object: KubernetesObject, appliedBy: string): KubernetesObject {
  const template = object.kind === 'Deployment' ? { [marks.appliedTemplate]: hashOf(templateOf(object)) } : {}
  const annotations = { ...object.metadata.annotations, ...template, [marks.applied]: hashOf(object), [marks.appliedBy]: appliedBy }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

export function templateOf(object: KubernetesObject): unknown {
  const spec = object['spec'] as { readonly template?: unknown } | undefined // a Deployment has a template
  return spec?.template ?? null
}

const hashLength = 16

/** Returns the same hash for the same content, in any order of keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, hashLength)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (!isRecord(part)) return part
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
