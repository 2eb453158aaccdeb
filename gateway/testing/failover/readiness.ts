import type { Pod } from './pod.ts'

/** Answers of `/readyz` of some pods over time. */
export interface Readiness {
  areReady(): boolean
  /** Sum over the pods. */
  unreadyMs(): number
  /** Reasons, each once. */
  because(): readonly string[]
  stop(): void
}

const everyMs = 100

export function watchReadiness(pods: readonly Pod[]): Readiness {
  const states = new Map<string, boolean>(pods.map(({ name }) => [name, true]))
  const reasons = new Set<string>()
  let unreadyMs = 0
  const over = new AbortController()
  const follow = async (pod: Pod): Promise<void> => {
    for (let lastMs = performance.now(); !over.signal.aborted; await new Promise((resolve) => setTimeout(resolve, everyMs))) {
      const { status, body } = await pod.readyz()
      const nowMs = performance.now()
      if (status !== 200) unreadyMs += nowMs - lastMs
      if (status !== 200 && reasons.size < 20) reasons.add(`${pod.name} was unready: ${waitingFor(body)}`)
      states.set(pod.name, status === 200)
      lastMs = nowMs
    }
  }
  for (const pod of pods) void follow(pod)
  return {
    areReady: () => [...states.values()].every(Boolean),
    unreadyMs: () => unreadyMs,
    because: () => [...reasons],
    stop: () => over.abort(),
  }
}

function waitingFor(body: string): string {
  return /"waitingFor":\[([^\]]*)/.exec(body)?.[1]?.slice(0, 300) ?? body.slice(0, 300)
}
