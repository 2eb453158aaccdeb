import { type FilterBounds, filtersAreOff, readFilters } from '../filter/dialects.ts'
import type { Filter } from '../filter/filter.ts'
import type { FilterLimit } from '../filter/intern.ts'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { FrameProblem } from '../session/control-events.ts'
import { refusals } from '../session/refusals.ts'
import type { Session } from '../session/session.ts'
import type { Command } from './inbound.ts'

/** Type of the command, docs/protocol.md. */
export const subscribeType = 'dev.carillon.subscribe'

export interface SubscribeParts {
  /** Gives the session the filter, and confirms it. @returns the confirmation, or the limit that the filter would break */
  readonly subscribe: (session: Session, filter: Filter | null, id: string) => Result<Buffer | null, FilterLimit>
  /** Bounds of the filters of one session, and of the distinct filters of all. 0 of these: no session may have filters. */
  readonly bounds: FilterBounds & { readonly maxDistinct: number }
}

/**
 * Makes the command that replaces the filters of a session: `{"filters": [...]}`. An empty array and null remove them. The new filters hold from the
 * cursor of the confirmation on. Filters that are refused change nothing.
 */
export function createSubscribe({ subscribe, bounds }: SubscribeParts): Command {
  return async (session, { id, data }) => {
    const filter = readFilter(data, bounds)
    if (!filter.ok) return filter
    const confirmed = subscribe(session, filter.value, id)
    return confirmed.ok ? confirmed : failed(limitProblems[confirmed.error])
  }
}

function readFilter(data: unknown, bounds: SubscribeParts['bounds']): Result<Filter | null, FrameProblem> {
  if (!isRecord(data) || data['filters'] === undefined) return failed(noFilters)
  if (data['filters'] === null) return ok(null)
  if (bounds.maxDistinct === 0) return failed({ type: 'bad-filters', detail: filtersAreOff })
  const filter = readFilters(data['filters'], bounds)
  return filter.ok ? filter : failed({ type: 'bad-filters', detail: filter.error })
}

const noFilters: FrameProblem = {
  type: 'bad-filters',
  detail: 'data must be {"filters": [...]}. An empty array removes the filters.',
}

const limitProblems = {
  tooManyFilters: problemOf('tooManyFilters'),
  tooManyFiltersOfUser: problemOf('tooManyFiltersOfUser'),
} as const satisfies Record<FilterLimit, FrameProblem>

function problemOf(limit: FilterLimit): FrameProblem {
  const { problem, text, retryAfterMs } = refusals[limit]
  return { type: problem, detail: text, retryAfterMs }
}
