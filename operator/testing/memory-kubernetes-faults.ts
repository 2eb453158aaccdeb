import type { ResourceType } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../runtime/kubernetes-api.ts'

export type ApiVerb = keyof KubernetesApi

/** Requests that a fault applies to. Omitted fields match every request. */
export interface FaultSelector {
  readonly verb?: ApiVerb
  /** The plural of the type. */
  readonly type?: string
  readonly name?: string
}

/** Faults of the memory double, on demand. */
export interface MemoryFaults {
  add(selector: FaultSelector, error: ApiError, times: number): void
  /** Returns the planned fault for this request, and uses it up. */
  take(verb: ApiVerb, type: ResourceType, name: string): ApiError | null
  setLatency(ms: number): void
  delay(): Promise<void>
  vanish(): void
  comeBack(): void
  hasVanished(): boolean
}

export function createMemoryFaults(): MemoryFaults {
  const planned: { readonly selector: FaultSelector; readonly error: ApiError; left: number }[] = []
  let latencyMs = 0
  let vanished = false
  return {
    add: (selector, error, times) => void planned.push({ selector, error, left: times }),
    take: (verb, type, name) => {
      const found = planned.find(({ selector, left }) => {
        const isVerb = selector.verb === undefined || selector.verb === verb
        const isType = selector.type === undefined || selector.type === type.plural
        return left > 0 && isVerb && isType && (selector.name === undefined || selector.name === name)
      })
      if (found === undefined) return null
      found.left -= 1
      return found.error
    },
    setLatency: (ms) => {
      latencyMs = ms
    },
    // Even without latency a response never comes in the turn of its request.
    delay: () => (latencyMs === 0 ? Promise.resolve() : new Promise((resolve) => void setTimeout(resolve, latencyMs))),
    vanish: () => {
      vanished = true
    },
    comeBack: () => {
      vanished = false
    },
    hasVanished: () => vanished,
  }
}
