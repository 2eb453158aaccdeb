import { crdName } from '../../../api/v1alpha1/crd.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { Timers } from '../../../program/clock.ts'
import { definitionType } from './schema-drift.ts'

export interface DefinitionWatchParts {
  readonly api: Pick<KubernetesApi, 'get'>
  readonly timers: Timers
  /** All channels are to be looked at again. */
  readonly onChange: () => void
}

const lookEveryMs = 15_000

/** The API server shows channels by a new definition only some time after it has taken it. */
const looksAfterChange = 2

/**
 * Looks from time to time whether the CustomResourceDefinition was changed. The server then shows channels with fewer or more fields, and no watch tells of it:
 * neither their generation nor their version changes. Where the definition cannot be read, the resync has to do.
 * @returns what ends it
 */
export function startDefinitionWatch({ api, timers, onChange }: DefinitionWatchParts): () => void {
  let known: string | null = null
  let owed = 0
  let isStopped = false
  // It never rejects, and the next look begins when this one has ended.
  let cancel = timers.after(0, () => void look())

  async function look(): Promise<void> {
    const version = await read()
    if (isStopped) return
    if (version !== null && known !== null && version !== known) owed = looksAfterChange
    known = version ?? known
    if (owed > 0) onChange()
    owed = Math.max(0, owed - 1)
    cancel = timers.after(lookEveryMs, () => void look())
  }

  async function read(): Promise<string | null> {
    const found = await api.get(definitionType, { namespace: '', name: crdName })
    return found.ok ? `${found.value.metadata.uid} ${found.value.metadata.generation}` : null
  }

  return () => {
    isStopped = true
    cancel()
  }
}
