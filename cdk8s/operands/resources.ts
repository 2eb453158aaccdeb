import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { canonicalQuantity, parseQuantity, renderQuantity, wholeUnits } from '../../api/quantities.ts'

const mebibyte = 1024n * 1024n

/** Memory that a pod needs besides the events that it holds: for Node.js, the code and the connections. */
const baseMebibytes = 256n

/** Copies of a held event: for a while it exists as a record, as an entry of the replay log and as a frame. */
const copiesOfHeldEvents = 3n

/** Ephemeral storage for the log output, which the kubelet rotates, and for files in /tmp. */
const defaultRequests = { cpu: '100m', memory: '192Mi', 'ephemeral-storage': '64Mi' } as const

export interface Resources {
  readonly requests: Readonly<Record<string, string>>
  readonly limits: Readonly<Record<string, string>>
}

/**
 * Returns the resources of a pod: those of the channel, and defaults for the rest. Kubernetes refuses a pod that requests more than its limit, so a
 * default yields to the user's value. There is no CPU limit by default: a throttled pod would be late for every client.
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
