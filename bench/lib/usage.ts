import { setTimeout as sleep } from 'node:timers/promises'
import { nowMs } from './clock.ts'
import type { LongestTurn, SubjectCalls, Usage } from './subject-calls.ts'

/** Calls by which a subject reports its cost. */
export function measureSelf(): Pick<SubjectCalls, 'usage' | 'watchTurns' | 'longestTurn'> {
  let watch: TurnWatch | null = null
  return {
    usage: async ({ collectGarbage }) => {
      if (collectGarbage) await settleMemory()
      return readUsage()
    },
    watchTurns: () => {
      watch ??= watchTurns()
      watch.reset()
    },
    longestTurn: () => watch?.longest() ?? { wallMs: 0, cpuMs: 0 },
  }
}

function readUsage(): Usage {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { cpuMicros: user + system, rssBytes: rss, heldBytes: heapUsed + external }
}

/** Collects garbage, and gives the allocator time to return pages. */
async function settleMemory(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.()
    await sleep(250)
  }
}

interface TurnWatch {
  reset(): void
  longest(): LongestTurn
}

/** A turn lies between two of our own immediates: one round of timers, I/O and immediates. */
function watchTurns(): TurnWatch {
  let longest: LongestTurn = { wallMs: 0, cpuMs: 0 }
  let last = { wallMs: nowMs(), cpuMs: threadCpuMs() }
  const look = (): void => {
    const now = { wallMs: nowMs(), cpuMs: threadCpuMs() }
    longest = { wallMs: Math.max(longest.wallMs, now.wallMs - last.wallMs), cpuMs: Math.max(longest.cpuMs, now.cpuMs - last.cpuMs) }
    last = now
    setImmediate(look).unref()
  }
  look()
  return { reset: () => void (longest = { wallMs: 0, cpuMs: 0 }), longest: () => longest }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
