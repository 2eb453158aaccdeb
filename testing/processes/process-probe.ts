/**
 * Reports over IPC what a program costs: processor time, longest turn of the event loop, memory. `--import` loads it before the real
 * program, which does not know of it.
 */
export interface ProbeQuestion {
  readonly id: number
  /**
   * `cost`: the use so far. `settled-cost`: the same after a garbage collection (needs `--expose-gc`). `watch-turns`: measures each turn of
   * the event loop from now on, which keeps the process busy. `stop-watching`: ends that.
   */
  readonly ask: 'cost' | 'settled-cost' | 'watch-turns' | 'stop-watching'
}

export interface ProbeAnswer {
  readonly id: number
  /** Processor time of the main thread so far, in milliseconds. */
  readonly threadCpuMs: number
  /** Processor time of all threads so far, user and system, in milliseconds. */
  readonly processCpuMs: number
  /** Longest turn of the event loop since `watch-turns`, in milliseconds of the main thread's processor time. */
  readonly longestTurnMs: number
  /** Heap and buffers in use, in bytes. */
  readonly heldBytes: number
  readonly rssBytes: number
  /** Largest RSS of the process so far, in bytes. */
  readonly peakRssBytes: number
}

const watch = { isOn: false, lastMs: 0, longestMs: 0 }

function look(): void {
  if (!watch.isOn) return
  const now = threadCpuMs()
  watch.longestMs = Math.max(watch.longestMs, now - watch.lastMs)
  watch.lastMs = now
  setImmediate(look)
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function answer({ id, ask }: ProbeQuestion): ProbeAnswer {
  if (ask === 'settled-cost') globalThis.gc?.()
  if (ask === 'watch-turns') startWatching()
  if (ask === 'stop-watching') watch.isOn = false
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return {
    id,
    threadCpuMs: threadCpuMs(),
    processCpuMs: (user + system) / 1000,
    longestTurnMs: watch.longestMs,
    heldBytes: heapUsed + external,
    rssBytes: rss,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  }
}

function startWatching(): void {
  Object.assign(watch, { longestMs: 0, lastMs: threadCpuMs() })
  if (watch.isOn) return
  watch.isOn = true
  setImmediate(look)
}

process.on('message', (question: ProbeQuestion) => process.send?.(answer(question)))
// This listener alone must not keep a finished program alive.
process.channel?.unref()
