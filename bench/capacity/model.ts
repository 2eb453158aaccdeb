import { fit, type Fit, predict } from './fit.ts'

/** Load of one pod, in a window. */
export interface PodLoad {
  /** Events per second in the topic: each pod reads all of them. */
  readonly eventsPerSecond: number
  /** Events per second that this pod reads a second time. */
  readonly secondReadsPerSecond: number
  /** Deliveries per second by this pod. */
  readonly deliveriesPerSecond: number
  /** Sessions of this pod. */
  readonly sessions: number
}

/** Finding of a window. */
export interface PodCost extends PodLoad {
  /** Pods of the channel. */
  readonly pods: number
  /** Seconds of processor time per second, of all threads, with the kernel's work. */
  readonly cpu: number
  readonly rssBytes: number
}

/** Memory of a pod that has read no event yet. */
export interface PodMemory {
  readonly sessions: number
  readonly rssBytes: number
}

export interface Findings {
  readonly costs: readonly PodCost[]
  readonly memory: readonly PodMemory[]
}

/** What a pod costs, from a number of findings. */
export interface CapacityModel {
  readonly cpu: Fit
  /** Memory without events. */
  readonly rssBytes: Fit
  /** Most memory that events have added in any window: the replay window, and what the collector has not taken yet. */
  readonly replayBytes: number
}

/** Names of the factors of the processor time, in their order. */
export const cpuFactors = ['a pod', 'an event in the topic', 'its second reading', 'a delivery', 'a session'] as const

/**
 * Each pod reads each event once. The pods of a channel share a second reading among them, which copies broken records to the dead letter
 * topic.
 */
export const cpuFactorsOf = ({ eventsPerSecond, secondReadsPerSecond, deliveriesPerSecond, sessions }: PodLoad): readonly number[] => [
  1,
  eventsPerSecond,
  secondReadsPerSecond,
  deliveriesPerSecond,
  sessions,
]

const memoryFactorsOf = ({ sessions }: Pick<PodLoad, 'sessions'>): readonly number[] => [1, sessions]

export function fitModel({ costs, memory }: Findings): CapacityModel {
  const rssBytes = fit(memory.map((one) => ({ factors: memoryFactorsOf(one), value: one.rssBytes })))
  return {
    cpu: fit(costs.map((cost) => ({ factors: cpuFactorsOf(cost), value: cost.cpu }))),
    rssBytes,
    replayBytes: Math.max(0, ...costs.map((cost) => cost.rssBytes - predict(rssBytes.coefficients, memoryFactorsOf(cost)))),
  }
}

export const cpuOf = ({ cpu }: CapacityModel, load: PodLoad): number => predict(cpu.coefficients, cpuFactorsOf(load))

export const rssBytesOf = ({ rssBytes, replayBytes }: CapacityModel, load: PodLoad): number =>
  predict(rssBytes.coefficients, memoryFactorsOf(load)) + replayBytes
