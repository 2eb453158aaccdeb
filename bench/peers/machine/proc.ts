import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Figures of the kernel about any process. Linux only. */
export interface ProcessUsage {
  /** Processor time of all threads, user and system. */
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** Peak RSS; of several processes, the sum of their peaks. */
  readonly peakRssBytes: number
}

/** Returns the figures of a process and of all that it has started: nginx has a worker. @throws Error when there is no such process */
export function readUsage(pid: number): ProcessUsage {
  return addUsages(familyOf(pid).map(readUsageOfOne))
}

export function addUsages(usages: readonly ProcessUsage[]): ProcessUsage {
  const total = (of: (usage: ProcessUsage) => number): number => usages.reduce((sum, usage) => sum + of(usage), 0)
  return {
    cpuSeconds: total((usage) => usage.cpuSeconds),
    rssBytes: total((usage) => usage.rssBytes),
    peakRssBytes: total((usage) => usage.peakRssBytes),
  }
}

/** Returns a process and all that it has started. */
export const familyOf = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(familyOf)]

/** Returns true when a process has closed its files. It may still wait for a parent that asks how it ended. */
export function hasEnded(pid: number): boolean {
  try {
    return parseState(readFileSync(`/proc/${pid}/stat`, 'utf8')) === 'Z'
  } catch {
    // There is no such process.
    return true
  }
}

/** Children of the first thread, which is the one that forks in all of the servers. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}

function readUsageOfOne(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuSeconds: readCpuSeconds(pid),
    rssBytes: parseKilobytes(status, 'VmRSS') * 1024,
    peakRssBytes: parseKilobytes(status, 'VmHWM') * 1024,
  }
}

/**
 * Processor time of a process. The kernel has that of living threads in nanoseconds, and that of the whole process, ended threads included, in steps of 10 ms. The
 * larger one counts: no thread ends during a measurement in most servers, so windows of few events are exact too.
 */
function readCpuSeconds(pid: number): number {
  const ofThreads = readdirSync(`/proc/${pid}/task`).map((thread) => readThreadNanoseconds(pid, thread))
  const ofProcess = parseCpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) / ticksPerSecond
  return Math.max(ofThreads.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9, ofProcess)
}

function readThreadNanoseconds(pid: number, thread: string): number {
  try {
    return parseNanoseconds(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
  } catch {
    // The thread has ended, or this kernel keeps no such statistics.
    return 0
  }
}

/** Kernel memory of all TCP sockets of the machine. */
export const readSocketBytes = (): number => parseSocketPages(readFileSync('/proc/net/sockstat', 'utf8')) * 4096

/** Processor time that the machine has spent, and has had to spend. */
export interface MachineTimes {
  readonly busyTicks: number
  readonly totalTicks: number
}

export const readMachineTimes = (): MachineTimes => parseMachineTimes(readFileSync('/proc/stat', 'utf8'))

const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout?.trim() || 100)

/** State in /proc/PID/stat, a letter. */
export const parseState = (stat: string): string => stat.charAt(stat.lastIndexOf(')') + 2)

/** User and system time of /proc/PID/stat, whose second field is an arbitrary name. */
export function parseCpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Time on a processor, the first figure of /proc/PID/task/TID/schedstat. */
export const parseNanoseconds = (schedstat: string): number => Number(schedstat.split(' ')[0])

export function parseKilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
}

export function parseSocketPages(sockstat: string): number {
  return Number(/^TCP: .*\bmem (\d+)/m.exec(sockstat)?.[1] ?? 0)
}

export function parseMachineTimes(stat: string): MachineTimes {
  const ticks = (stat.split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number)
  const totalTicks = ticks.reduce((sum, value) => sum + value, 0)
  return { totalTicks, busyTicks: totalTicks - (ticks[3] ?? 0) - (ticks[4] ?? 0) }
}
