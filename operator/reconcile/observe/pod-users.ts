import { ok, type Result } from '../../../program/result.ts'
import type { OperatorConfig } from '../../config/options.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'

/** The API group by which OpenShift assigns users to pods. It refuses pods that ask for a user outside of their namespace's range. */
export const assigningGroup = 'security.openshift.io'

/** Time after which a missing API is looked up again: it may be installed later. */
const rememberMs = 600_000

export interface PodUsersParts {
  readonly api: Pick<KubernetesApi, 'servesGroup'>
  readonly choice: OperatorConfig['gatewayPodUser']
  readonly nowMs: () => number
}

/**
 * Finds out whether the cluster assigns the users of pods. A different result restarts the pods of all channels. So an API that was found
 * stays known until this process ends, and the last result stays valid while the API server does not respond.
 * @returns a function that fails only while there is no result yet
 */
export function createPodUsers({ api, choice, nowMs }: PodUsersParts): () => Promise<Result<boolean, ApiError>> {
  if (choice !== 'auto') return async () => ok(choice === 'assigned')
  let known: boolean | null = null
  let looking: { readonly atMs: number; readonly answer: Promise<Result<boolean, ApiError>> } | null = null
  return async () => {
    if (known === true) return ok(true)
    if (looking === null || nowMs() - looking.atMs >= rememberMs) looking = { atMs: nowMs(), answer: api.servesGroup(assigningGroup) }
    const found = await looking.answer
    if (found.ok) known = found.value
    else looking = null
    return known === null ? found : ok(known)
  }
}
