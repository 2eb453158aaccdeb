import type { AttributeTexts, Filter } from './filters.ts'
import type { CloudEvent } from './types.ts'

/** Members of an event that no filter sees. */
const unseen = new Set(['cursor', 'data', 'data_base64'])

/** Returns true if a page can tell by itself which events the filters let through: CloudEvents SQL is the gateway's alone. */
export const isNarrowable = (filters: readonly Filter[]): boolean => Array.isArray(filters) && filters.every(canTell)

/** Returns true if every filter holds for an event, as the gateway decides it (docs/protocol.md, section 2.6). The filters are narrowable. */
export const passes = (filters: readonly Filter[], event: CloudEvent): boolean => filters.every((filter) => holds(filter, event))

function canTell(filter: Filter): boolean {
  if ('all' in filter) return isNarrowable(filter.all)
  if ('any' in filter) return isNarrowable(filter.any)
  if ('not' in filter) return canTell(filter.not)
  return !('sql' in filter)
}

function holds(filter: Filter, event: CloudEvent): boolean {
  if ('exact' in filter) return hasTexts(event, filter.exact, (given, text) => given === text)
  if ('prefix' in filter) return hasTexts(event, filter.prefix, (given, text) => given.startsWith(text))
  if ('suffix' in filter) return hasTexts(event, filter.suffix, (given, text) => given.endsWith(text))
  if ('all' in filter) return passes(filter.all, event)
  if ('any' in filter) return filter.any.some((each) => holds(each, event))
  return 'not' in filter && !holds(filter.not, event)
}

/** Integers and Booleans are compared as text. */
const hasTexts = (event: CloudEvent, texts: AttributeTexts, compare: (given: string, text: string) => boolean): boolean =>
  Object.entries(texts).every(([name, text]) => Object.hasOwn(event, name) && !unseen.has(name) && compare(String(event[name]), text))
