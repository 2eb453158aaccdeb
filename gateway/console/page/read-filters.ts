import type { Filter } from '../../../client/filters.ts'
import { parseJson } from './json-error.ts'

export type ReadFilters =
  | { readonly ok: true; readonly filters: readonly Filter[] | null }
  | { readonly ok: false; readonly problem: string }

/**
 * Reads the filters that a user typed: an array, or one filter alone; empty: none. The gateway checks what they say (docs/protocol.md, section
 * 2.6), and refuses the connection with the reason.
 */
export function readFilters(text: string): ReadFilters {
  if (text.trim() === '') return { ok: true, filters: null }
  const parsed = parseJson(text)
  if (!parsed.ok) return { ok: false, problem: parsed.problem }
  const filters: unknown = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  // Whatever it is, the gateway reads it as filters.
  return { ok: true, filters: filters as readonly Filter[] }
}
