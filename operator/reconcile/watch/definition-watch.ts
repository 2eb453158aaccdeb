import { crdName } from '../../../api/v1alpha1/crd.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { Timers } from '../../../program/clock.ts'
import { definitionType } from './schema-drift.ts'

export interface DefinitionWatchParts {
  readonly api: Pick<KubernetesApi, 'get'>
  readonly timers: Timers
  /** Called when all channels have to be reconciled. */
  readonly onChange: () => void
}

const checkPeriodMs = 15_000

/** Number of reconciles after a change. The API server returns channels by a new definition only some time after it has accepted it. */
const reconcilesAfterChange = 2

/**
 * Checks periodically whether the CustomResourceDefinition was changed. The server then returns channels with fewer or more fields, and no
 * watch reports it: neither their generation nor their version changes. If the definition cannot be read, only the resync covers this.
 * @returns a function that ends it
 */
export function startDefinitionWatch({ api, timers, onChange }: DefinitionWatchParts): () => void {
  let known: string | null = null
  let pendingReconciles = 0
  let isStopped = false
  // It never rejects, and the next check starts when this one has ended.
  let cancel = timers.after(0, () => void check())

  async function check(): Promise<void> {
    const version = await read()
    if (isStopped) return
    if (version !== null && known !== null && version !== known) pendingReconciles = reconcilesAfterChange
    known = version ?? known
    if (pendingReconciles > 0) onChange()
    pendingReconciles = Math.max(0, pendingReconciles - 1)
    cancel = timers.after(checkPeriodMs, () => void check())
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
