import { type CapacityModel, cpuOf, type PodLoad, rssBytesOf } from './model.ts'

/** Demand on a channel. */
export interface Demand {
  readonly connections: number
  readonly eventsPerSecond: number
  readonly deliveriesPerSecond: number
}

export interface PodBounds {
  readonly connectionsPerPod: number
  /** Processors of a pod that the plan uses; the rest is for storms and for the minutes after a pod has gone. */
  readonly cpuPerPod: number
  /** A channel has two, so that one may go. */
  readonly minPods: number
}

export interface PodPlan {
  readonly pods: number
  readonly cpuPerPod: number
  readonly rssBytesPerPod: number
}

/** Enough for any demand of the tables. Beyond it, a pod more costs more than it takes over. */
const maxPods = 10_000

/** Returns the least number of pods within the bounds; null: no number is enough, because each pod reads all events. */
export function planPods(model: CapacityModel, demand: Demand, bounds: PodBounds): PodPlan | null {
  const loadOf = (pods: number): PodLoad => ({
    eventsPerSecond: demand.eventsPerSecond,
    secondReadsPerSecond: demand.eventsPerSecond / pods,
    deliveriesPerSecond: demand.deliveriesPerSecond / pods,
    sessions: demand.connections / pods,
  })
  for (let pods = Math.max(bounds.minPods, Math.ceil(demand.connections / bounds.connectionsPerPod)); pods <= maxPods; pods += 1) {
    const cpuPerPod = cpuOf(model, loadOf(pods))
    if (cpuPerPod <= bounds.cpuPerPod) return { pods, cpuPerPod, rssBytesPerPod: rssBytesOf(model, loadOf(pods)) }
  }
  return null
}

/** Returns the events per second whose reading alone takes this much of a processor in each of many pods. */
export function readingLimit({ cpu }: CapacityModel, processors: number): number {
  const [base = 0, perEvent = 0] = cpu.coefficients
  return perEvent === 0 ? Infinity : Math.max(0, (processors - base) / perEvent)
}
