import { createHash } from 'node:crypto'
import { isRecord } from '../../../program/is-record.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { marks } from '../settings.ts'

/**
 * The object with its marks: what was asked for is compared with what was asked for before, never with what the API server made of it (it
 * fills in defaults, writes quantities in its own way, and lets webhooks change things).
 */
export function markObject(object: KubernetesObject, appliedBy: string): KubernetesObject {
  const template = object.kind === 'Deployment' ? { [marks.appliedTemplate]: hashOf(templateOf(object)) } : {}
  const annotations = { ...object.metadata.annotations, ...template, [marks.applied]: hashOf(object), [marks.appliedBy]: appliedBy }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

export function templateOf(object: KubernetesObject): unknown {
  const spec = object['spec'] as { readonly template?: unknown } | undefined // of a Deployment, which has it
  return spec?.template ?? null
}

const hashLength = 16

/** The same for the same content, whatever the order of the keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, hashLength)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (!isRecord(part)) return part
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
