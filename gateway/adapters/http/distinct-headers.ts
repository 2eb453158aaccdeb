/**
 * Returns the headers of a request with a list where a header was sent more than once. node:http joins such headers into one text, or
 * keeps the first, so that `headers` cannot tell two headers from one value with a comma.
 * @param rawHeaders names and values in turn, as `IncomingMessage.rawHeaders` has them
 */
export function distinctHeaders(rawHeaders: readonly string[]): Readonly<Record<string, string | readonly string[]>> {
  const headers: Record<string, string | readonly string[]> = Object.create(null) // whatever name a header has, here it is a name like any other
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    const given = headers[name]
    headers[name] = given === undefined ? value : [given, value].flat()
  }
  return headers
}
