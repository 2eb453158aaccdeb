import { fixedProblem, type Problem, type ProblemType } from '../request/problem.ts'
import type { CloseCode } from './close-codes.ts'
import type { Refused } from './handshake.ts'

/**
 * Every refusal of a handshake, one row each. Both transports send the problem. A WebSocket client with an `Origin` (a browser) sees no HTTP
 * response. So its connection is accepted and closed with the code, unless `close` is null.
 */
export const refusals = {
  foreignOrigin: { reason: 'origin', problem: 'origin-forbidden', close: null, text: null },
  notReady: {
    reason: 'not-ready',
    problem: 'not-ready',
    close: 'notReady',
    text: 'The gateway is not ready: it is reading the topic, or has lost its brokers. Retry soon.',
    retryAfterMs: 1000,
  },
  draining: {
    reason: 'draining',
    problem: 'draining',
    close: 'draining',
    text: 'The gateway is stopping. Connect again to reach another pod.',
    retryAfterMs: 1000,
  },
  overloaded: {
    reason: 'overloaded',
    problem: 'overloaded',
    close: 'overloaded',
    text: 'Connection limit reached (MAX_CONNECTIONS). Retry after a pause.',
    retryAfterMs: 5000,
  },
  tooManyConnections: {
    reason: 'too-many-connections',
    problem: 'too-many-connections',
    close: 'tooManyConnections',
    text: 'Connection limit of this user reached (MAX_CONNECTIONS_PER_USER). Close a connection first.',
    retryAfterMs: 5000,
  },
  tooManyUpgrades: {
    reason: 'too-many-upgrades',
    problem: 'too-many-requests',
    close: 'tooManyUpgrades',
    text: 'Too many new connections (UPGRADE_RATE_PER_S). Retry after the pause.',
  },
  tooManyVerifications: {
    reason: 'overloaded',
    problem: 'overloaded',
    close: 'overloaded',
    text: 'Too many tokens are being verified (UPGRADE_BURST). Retry after a pause.',
    retryAfterMs: 5000,
  },
  verificationTimeout: {
    reason: 'overloaded',
    problem: 'overloaded',
    close: 'overloaded',
    text: 'The token was not verified in time (HANDSHAKE_TIMEOUT_MS). Retry after a pause.',
    retryAfterMs: 5000,
  },
  noToken: {
    reason: 'unauthenticated',
    problem: 'unauthenticated',
    close: 'unauthenticated',
    text: 'The request has no token. Send it in the cookie, as `Authorization: Bearer`, or as subprotocol `bearer.<token>`.',
  },
  unauthenticated: { reason: 'unauthenticated', problem: 'unauthenticated', close: 'unauthenticated', text: null },
  revoked: { reason: 'revoked', problem: 'revoked', close: 'revoked', text: null },
  tokenExpired: { reason: 'unauthenticated', problem: 'unauthenticated', close: 'tokenExpired', text: null },
  keysUnavailable: { reason: 'keys-unavailable', problem: 'keys-unavailable', close: 'keysUnavailable', text: null, retryAfterMs: 5000 },
  badCursor: { reason: 'bad-cursor', problem: 'bad-cursor', close: 'badCursor', text: null },
  badFilters: { reason: 'bad-filters', problem: 'bad-filters', close: 'badFilters', text: null, isDetailInClose: true },
  tooManyFilters: {
    reason: 'too-many-filters',
    problem: 'overloaded',
    close: 'tooManyFilters',
    text: 'Limit of distinct filters reached (MAX_DISTINCT_FILTERS). Retry after a pause, or connect without filters.',
    retryAfterMs: 5000,
  },
  tooManyFiltersOfUser: {
    reason: 'too-many-filters',
    problem: 'too-many-filters',
    close: 'tooManyFilters',
    text: 'Limit of distinct filters of this user reached (MAX_DISTINCT_FILTERS_PER_USER). Close a connection, or use a filter of another one.',
    retryAfterMs: 5000,
  },
  internal: {
    reason: null,
    problem: 'internal-error',
    close: 'internal',
    text: 'The handshake failed inside the gateway. Retry.',
  },
} as const satisfies Record<string, RefusalRow>

interface RefusalRow {
  /** Label of the metric; null: not counted. */
  readonly reason: RefusalReason | null
  readonly problem: ProblemType
  readonly close: CloseCode | null
  /** Detail of the problem; null: the caller of `refusalWith` knows it. */
  readonly text: string | null
  readonly retryAfterMs?: number
  /** True: a WebSocket client gets the detail as the reason of the close. @default false */
  readonly isDetailInClose?: boolean
}

/** Why a handshake is refused: the values of the metric's label `reason`. */
export const refusalReasons = [
  'origin',
  'subprotocol',
  'request',
  'unauthenticated',
  'revoked',
  'bad-cursor',
  'bad-filters',
  'too-many-filters',
  'overloaded',
  'too-many-connections',
  'too-many-upgrades',
  'keys-unavailable',
  'not-ready',
  'draining',
] as const
type RefusalReason = (typeof refusalReasons)[number]

export type RefusalName = keyof typeof refusals
/** Refusals whose text is always the same. */
export type FixedRefusal = { [Name in RefusalName]: (typeof refusals)[Name]['text'] extends string ? Name : never }[RefusalName]

/** A refused handshake, and the label that its metric has. */
export interface Refusal extends Refused {
  readonly reason: RefusalReason | null
}

const fixed: ReadonlyMap<RefusalName, Refusal> = new Map(
  Object.entries(refusals).flatMap(([name, row]: [string, RefusalRow]) =>
    // Object.entries gives exactly the table's keys: it is a literal and has no others.
    row.text === null ? [] : [[name as RefusalName, refusalOf(row, fixedProblem(problemOf(row, row.text)))] as const],
  ),
)

/** Returns the refusal of a name. Its problem is rendered once. */
export function refusal(name: FixedRefusal): Refusal {
  return fixed.get(name) ?? refusalWith(name, {})
}

/** Returns the refusal of a name with what is particular to one request. */
export function refusalWith(name: RefusalName, own: { readonly detail?: string; readonly retryAfterMs?: number }): Refusal {
  const row: RefusalRow = refusals[name]
  return refusalOf(row, problemOf({ ...row, ...own }, own.detail ?? row.text ?? ''))
}

/** Returns the refusal of a name with a problem that was made elsewhere. */
export function refusalBecause(name: RefusalName, problem: Problem): Refusal {
  return refusalOf(refusals[name], problem)
}

/** The counter of refused handshakes, one series per reason. */
interface RefusalCounter {
  add(count: number, labels: { readonly reason: RefusalReason }): void
}

/** Counts the refusal in the metric of refused handshakes. */
export function countRefusal({ reason }: Refusal, metrics: { readonly handshakesRefused: RefusalCounter }): void {
  if (reason !== null) metrics.handshakesRefused.add(1, { reason })
}

function refusalOf({ reason, close, isDetailInClose = false }: RefusalRow, problem: Problem): Refusal {
  return { kind: 'refused', reason, problem, close, ...(isDetailInClose ? { closeDetail: problem.detail } : {}) }
}

function problemOf({ problem, retryAfterMs }: RefusalRow, detail: string): Problem {
  return retryAfterMs === undefined ? { type: problem, detail } : { type: problem, detail, retryAfterMs }
}
