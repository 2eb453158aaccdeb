import { failed, ok, type Result } from '../../../program/result.ts'
import { channelType } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { keyOf, refOf } from '../../../api/object-ref.ts'
import { names } from '../settings.ts'

export interface ReleaseParts {
  readonly api: Pick<KubernetesApi, 'get' | 'list' | 'mergePatch'>
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[]
  readonly isDryRun: boolean
  /** Prints a line for each channel, and for each namespace that cannot be read. */
  readonly print: (line: string) => void
}

/** Number of channels that were released, and of those that could not be. A namespace that cannot be read counts as one. */
export interface Release {
  readonly released: number
  readonly failed: number
}

const pageSize = 500
const attempts = 5

/**
 * Removes the operator's finalizer from all channels. Then they can be deleted after the operator is gone, so that no namespace gets stuck.
 * Their topics stay, regardless of the channels' deletion policy.
 * @returns an error when no channels could be listed. A cluster without the CustomResourceDefinition has no channels
 */
export async function releaseFinalizers(parts: ReleaseParts): Promise<Result<Release, ApiError>> {
  const scopes = parts.namespaces.length === 0 ? [undefined] : parts.namespaces
  const sum = { released: 0, failed: 0 }
  for (const namespace of scopes) {
    const held = await listHeld(parts.api, namespace)
    if (!held.ok) {
      // The namespace was deleted together with the operator's Role. It must not keep the finalizers of other namespaces in place.
      if (namespace === undefined || held.error.kind !== 'forbidden') return held
      parts.print(`${namespace}: its channels could not be listed: ${held.error.message}`)
      sum.failed += 1
      continue
    }
    for (const channel of held.value) {
      const error = parts.isDryRun ? null : await release(parts.api, channel)
      parts.print(sentence(channel, parts.isDryRun, error))
      sum[error === null ? 'released' : 'failed'] += 1
    }
  }
  return ok(sum)
}

async function listHeld(api: ReleaseParts['api'], namespace: string | undefined): Promise<Result<readonly KubernetesObject[], ApiError>> {
  const held: KubernetesObject[] = []
  for (let continueToken: string | null = ''; continueToken !== null;) {
    const page = await api.list(channelType, {
      ...(namespace === undefined ? {} : { namespace }),
      limit: pageSize,
      ...(continueToken === '' ? {} : { continueToken }),
    })
    if (!page.ok) return page.error.kind === 'no-such-resource' ? ok([]) : failed(page.error)
    held.push(...page.value.items.filter(({ metadata }) => metadata.finalizers?.includes(names.finalizer) === true))
    continueToken = page.value.continueToken
  }
  return ok(held)
}

/** Removes the finalizer from the version that was read. Retries when another writer was faster. */
async function release(api: ReleaseParts['api'], listed: KubernetesObject): Promise<ApiError | null> {
  const ref = refOf(listed)
  let object = listed
  for (let attempt = 1; ; attempt++) {
    const { finalizers = [], resourceVersion } = object.metadata
    if (!finalizers.includes(names.finalizer)) return null
    const patched = await api.mergePatch(channelType, ref, {
      metadata: { finalizers: finalizers.filter((finalizer) => finalizer !== names.finalizer), resourceVersion },
    })
    if (patched.ok || patched.error.kind === 'not-found') return null
    if (patched.error.kind !== 'conflict' || attempt === attempts) return patched.error
    const read = await api.get(channelType, ref)
    if (!read.ok) return read.error.kind === 'not-found' ? null : read.error
    object = read.value
  }
}

function sentence(object: KubernetesObject, isDryRun: boolean, error: ApiError | null): string {
  const channel = keyOf(refOf(object))
  if (error !== null) return `${channel}: the finalizer could not be removed: ${error.message}`
  return `${channel}: ${isDryRun ? 'would be' : 'was'} released; its topic stays`
}
