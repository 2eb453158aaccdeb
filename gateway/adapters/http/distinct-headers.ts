import type { IncomingHttpHeaders } from 'node:http'

export type DistinctHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Matches the names of headers that a request may have only once. */
const isDistinct = /^(?:ce-|content-type$)/i

/**
 * Returns the headers of a request with a list where `Content-Type` or a `ce-` header was sent more than once. node:http joins such headers
 * into one text, or keeps the first, so that `headers` cannot tell two headers from one value with a comma.
 * @param request.rawHeaders names and values in turn, as they were sent
 */
export function distinctHeaders({
  headers,
  rawHeaders,
}: {
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
}): DistinctHeaders {
  const seen = new Set<string>()
  const repeated = new Map<string, string[]>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? ''
    // Most headers of a request are others, and are not looked at further: this is on the way of every emit.
    if (!isDistinct.test(sent)) continue
    const name = sent.toLowerCase()
    if (seen.has(name)) repeated.set(name, [])
    seen.add(name)
  }
  if (repeated.size === 0) return headers
  rawHeaders.forEach((sent, index) => {
    if (index % 2 === 0) repeated.get(sent.toLowerCase())?.push(rawHeaders[index + 1] ?? '')
  })
  return { ...headers, ...Object.fromEntries(repeated) }
}
