import { WebSocket } from 'ws'
import type { Pod } from './pod.ts'

/** Record of one browser. Times are of performance.now(). */
export interface Watched {
  readonly name: string
  /** Events in the order of arrival, over all its connections. */
  readonly events: readonly { readonly id: string; readonly atMs: number; readonly pod: string }[]
  readonly gaps: readonly { readonly reason: string; readonly atMs: number; readonly pod: string }[]
  /** Handshakes without the answer 101. */
  readonly refusals: readonly { readonly why: string; readonly atMs: number }[]
  /** Connections that the gateway ended. */
  readonly closes: readonly { readonly code: number; readonly reason: string; readonly atMs: number }[]
}

export interface Watcher {
  readonly seen: Watched
  /** Resolves when it is connected for the first time. */
  readonly opened: Promise<void>
  stop(): void
}

export interface WatcherOptions {
  readonly name: string
  /** Pods to which it connects in turn. */
  readonly pods: readonly Pod[]
  /** Interval at which a client that resumes leaves one pod for the next, with its cursor. Null: a plain client, which stays. */
  readonly reconnectEveryMs: number | null
}

const retryMs = 200

interface Frame {
  readonly id: string
  readonly type: string
  readonly cursor?: string
  readonly data?: { readonly reason?: string }
}

/** Connects a browser. It comes back after each refusal and each close. */
export function startWatcher({ name, pods, reconnectEveryMs }: WatcherOptions): Watcher {
  const seen = {
    name,
    events: [] as Watched['events'][number][],
    gaps: [] as Watched['gaps'][number][],
    refusals: [] as Watched['refusals'][number][],
    closes: [] as Watched['closes'][number][],
  }
  const tokens = new Map<Pod, string>()
  let cursor = 'latest'
  let turn = 0
  let socket: WebSocket | null = null
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  let resolveOpened = (): void => undefined
  const opened = new Promise<void>((resolve) => (resolveOpened = resolve))

  const take = (pod: Pod, frame: Frame): void => {
    const atMs = performance.now()
    if (frame.cursor !== undefined) cursor = frame.cursor
    if (frame.type === 'dev.carillon.gap') seen.gaps.push({ reason: frame.data?.reason ?? 'none', atMs, pod: pod.name })
    if (!frame.type.startsWith('dev.carillon.')) seen.events.push({ id: frame.id, atMs, pod: pod.name })
  }
  const connectNext = async (): Promise<void> => {
    const pod = pods[turn % pods.length]
    if (pod === undefined || isOver) return
    try {
      tokens.set(pod, tokens.get(pod) ?? (await pod.token(name)))
    } catch (cause) {
      // No pod answers there.
      seen.refusals.push({ why: `${pod.name}: ${String(cause)}`, atMs: performance.now() })
      return again(retryMs)
    }
    const query = reconnectEveryMs === null ? '' : `?cursor=${cursor}`
    const opening = new WebSocket(`${pod.socketUrl}${query}`, ['cloudevents.json', `bearer.${tokens.get(pod) ?? ''}`], {
      handshakeTimeout: 5_000,
    })
    socket = opening
    opening.on('message', (text) => take(pod, JSON.parse(String(text)) as Frame)) // a gateway sends CloudEvents
    opening.once('open', () => {
      resolveOpened()
      if (reconnectEveryMs !== null) timer = setTimeout(() => leave(opening), reconnectEveryMs)
    })
    followEnd(opening, pod)
  }
  const leave = (leaving: WebSocket): void => {
    leaving.removeAllListeners('close')
    leaving.once('close', () => again(0))
    leaving.terminate()
    turn += 1
  }
  const followEnd = (ending: WebSocket, pod: Pod): void => {
    let isRefused = false
    const refuse = (why: string): void => {
      isRefused = true
      seen.refusals.push({ why: `${pod.name}: ${why}`, atMs: performance.now() })
    }
    ending.once('unexpected-response', (_request, response) => {
      refuse(`status ${response.statusCode ?? 0}`)
      response.resume()
      ending.terminate()
    })
    // After `unexpected-response` this is only ws that repeats it. `close` follows both.
    ending.on('error', (error) => (isRefused || ending.readyState === WebSocket.OPEN ? undefined : refuse(error.message)))
    ending.once('close', (code, reason) => {
      clearTimeout(timer)
      if (!isRefused) seen.closes.push({ code, reason: String(reason), atMs: performance.now() })
      turn += 1
      again(retryMs)
    })
  }
  const again = (afterMs: number): void => {
    if (!isOver) timer = setTimeout(() => void connectNext(), afterMs)
  }
  void connectNext()
  return {
    seen,
    opened,
    stop: () => {
      isOver = true
      clearTimeout(timer)
      socket?.removeAllListeners('close')
      socket?.terminate()
    },
  }
}
