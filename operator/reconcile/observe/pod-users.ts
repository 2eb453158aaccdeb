import { ok, type Result } from '../../../program/result.ts'
import type { OperatorConfig } from '../../config/options.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'

/** The API by which OpenShift assigns users to pods, and refuses those that ask for one outside of their namespace's range. */
export const assigningGroup = 'security.openshift.io'

/** Where the API was not there, somebody may install it later. */
const rememberMs = 600_000

export interface PodUsersParts {
  readonly api: Pick<KubernetesApi, 'servesGroup'>
  readonly choice: OperatorConfig['gatewayPodUser']
  readonly nowMs: () => number
}

/**
 * Makes the look whether the cluster assigns the users of pods. Another answer starts the pods of all channels anew. So an API that was found once is there, until
 * this process ends, and what was found stays true while the API server cannot be asked.
 * @returns a function whose error says that it was never found out
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
