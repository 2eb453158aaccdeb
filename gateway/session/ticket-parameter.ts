/** Returns the value of the query parameter `ticket`; null: there is none. @param query the text after the question mark; may be empty */
export function readTicketParameter(query: string): string | null {
  // Most requests have none, and pay for no parsing. A name may have encoded letters.
  return /ticket|%/.test(query) ? new URLSearchParams(query).get('ticket') : null
}
