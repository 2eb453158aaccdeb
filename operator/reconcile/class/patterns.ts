import { matchesText, type PatternChannel } from '../../config/topic-pattern.ts'

/*
 * Patterns of a class. NAMESPACE and NAME stand for the channel's own; `*` matches any characters, and everything else matches itself. A pattern matches the
 * whole text.
 *
 * In hosts and brokers `*` ends at a dot, and in paths at a slash, as in a wildcard certificate. So a pattern is split at the separators and matched piece by
 * piece, and no piece reaches across a separator.
 */

/** Returns whether a pattern matches a host, or host:port of a broker: `*` is one or more characters other than a dot. */
export function matchesHost(pattern: string, channel: PatternChannel, host: string): boolean {
  const [wanted, given] = [pattern.split('.'), host.split('.')]
  return wanted.length === given.length && wanted.every((piece, index) => matchesPiece(piece, channel, given[index] ?? ''))
}

/** Returns whether a path matches the pattern, or is below a match: `*` is one or more characters other than a slash. */
export function matchesPath(pattern: string, channel: PatternChannel, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return (
    wanted.length <= given.length &&
    wanted.every((piece, index) => piece === given[index] || matchesPiece(piece, channel, given[index] ?? ''))
  )
}

function matchesPiece(piece: string, channel: PatternChannel, text: string): boolean {
  return text !== '' && piece !== '' && matchesText(piece, channel, text)
}

/** Returns whether a pattern matches a key of labels or annotations, or a variable: only `*` is special. */
export function matchesKey(pattern: string, key: string): boolean {
  // A key does not belong to one channel, so NAMESPACE and NAME match themselves.
  return matchesText(pattern, { namespace: 'NAMESPACE', name: 'NAME' }, key)
}

/** Returns whether a pattern KEY or KEY=VALUE matches. A pattern without a value matches every value of the key. */
export function matchesPair(pattern: string, key: string, value: string): boolean {
  const [wanted = '', ...rest] = pattern.split('=')
  return matchesKey(wanted, key) && (rest.length === 0 || mayMatchEmpty(rest.join('='), value))
}

/** Returns whether a value matches. An empty pattern matches only the empty value. */
function mayMatchEmpty(pattern: string, value: string): boolean {
  return pattern === '' ? value === '' : matchesKey(pattern, value)
}
