import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { canonicalQuantity, parseQuantity, renderQuantity, wholeUnits } from '../../api/quantities.ts'

const mebibyte = 1024n * 1024n

/** What a pod needs besides the events that it holds: Node.js, the code, the connections. */
const baseMebibytes = 256n

/** An event that is held exists as a record, as an entry of the log and as a frame, each for a while. */
const copiesOfHeldEvents = 3n

/** Ephemeral storage holds the log, which the kubelet rotates, and what a pod writes to /tmp. */
const defaultRequests = { cpu: '100m', memory: '192Mi', 'ephemeral-storage': '64Mi' } as const

export interface Resources {
  readonly requests: Readonly<Record<string, string>>
  readonly limits: Readonly<Record<string, string>>
}

/**
 * The resources of a pod: what the channel says, and for what it leaves out, the defaults. A default gives way where it would contradict the
 * user: Kubernetes refuses a pod that requests more than its limit. There is no CPU limit by default: a pod that is throttled is late for everybody.
 */
export function gatewayResources({ gateway, replay }: Pick<StoredSpec, 'gateway' | 'replay'>): Resources {
  const requested = canonical(gateway.resources?.requests)
  const limited = canonical(gateway.resources?.limits)
  const limits = { memory: larger(defaultMemoryLimit(replay.maxBytes), requested['memory']), ...limited }
  const requests = {
    cpu: smaller(defaultRequests.cpu, limited['cpu']),
    memory: smaller(defaultRequests.memory, limits.memory),
    'ephemeral-storage': smaller(defaultRequests['ephemeral-storage'], limited['ephemeral-storage']),
    ...requested,
  }
  return { requests, limits }
}

function defaultMemoryLimit(maxBytes: string | number): string {
  const held = parseQuantity(maxBytes)
  const bytes = held === null ? 0n : wholeUnits(held) * copiesOfHeldEvents
  return canonicalQuantity(`${baseMebibytes + (bytes + mebibyte - 1n) / mebibyte}Mi`)
}

function canonical(quantities: Readonly<Record<string, string | number>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, canonicalQuantity(quantity)]))
}

const larger = (ours: string, users: string | undefined): string => chosen(ours, users, (mine, theirs) => mine >= theirs)
const smaller = (ours: string, users: string | undefined): string => chosen(ours, users, (mine, theirs) => mine <= theirs)

function chosen(ours: string, users: string | undefined, isBetter: (ours: bigint, users: bigint) => boolean): string {
  const [mine, theirs] = [parseQuantity(ours), users === undefined ? null : parseQuantity(users)]
  if (mine === null || theirs === null || isBetter(mine.nano, theirs.nano)) return ours
  return renderQuantity(theirs)
}
