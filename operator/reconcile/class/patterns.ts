import { matchesText, type PatternChannel } from '../../config/topic-pattern.ts'

/*
 * The patterns of a class. NAMESPACE and NAME are the channel's own; `*` is any characters, everything else is itself, and a pattern is about the
 * whole text. In hosts and brokers `*` ends at a dot, and in paths at a slash: what is between two of them belongs together, as in a wildcard
 * certificate. A pattern that is taken apart at the separators is matched piece by piece, so that no piece reaches over one.
 */

/** A host, or host:port of a broker: `*` is one or more characters other than a dot. */
export function matchesHost(pattern: string, channel: PatternChannel, host: string): boolean {
  const [wanted, given] = [pattern.split('.'), host.split('.')]
  return wanted.length === given.length && wanted.every((piece, index) => matchesPiece(piece, channel, given[index] ?? ''))
}

/** A path that is what the pattern says, or below it: `*` is one or more characters other than a slash. */
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

/** A key of labels or annotations, or a variable: only `*` stands for something. */
export function matchesKey(pattern: string, key: string): boolean {
  // Keys are not of one channel: the words are themselves.
  return matchesText(pattern, { namespace: 'NAMESPACE', name: 'NAME' }, key)
}

/** KEY or KEY=VALUE: a pattern without a value is about the key, whatever its value. */
export function matchesPair(pattern: string, key: string, value: string): boolean {
  const [wanted = '', ...rest] = pattern.split('=')
  return matchesKey(wanted, key) && (rest.length === 0 || mayMatchEmpty(rest.join('='), value))
}

/** An empty pattern is an empty value. */
function mayMatchEmpty(pattern: string, value: string): boolean {
  return pattern === '' ? value === '' : matchesKey(pattern, value)
}
