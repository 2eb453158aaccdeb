/** Returns the values of the query parameter `filters`. @param query the text after the question mark; may be empty */
export function readFilterParameter(query: string): readonly string[] {
  // Most requests have none, and pay for no parsing. A name may have encoded letters.
  return /filters|%/.test(query) ? new URLSearchParams(query).getAll('filters') : none
}

const none: readonly string[] = []
