import type { IncomingHttpHeaders } from 'node:http'

export type DistinctHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Matches the names of headers that a request may have only once. */
const isDistinct = /^(?:ce-|content-type$)/i

/**
 * Returns the headers of a request, with a list where `Content-Type` or a `ce-` header was sent more than once. node:http joins such
 * headers into one text, or keeps the first. Its `headers` cannot tell two headers from one value with a comma.
 * @param request.rawHeaders names and values in turn, in the order of the request
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
    // Most headers of a request are others. They cost one look: every emit comes this way.
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
