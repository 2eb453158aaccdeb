/** The channel whose namespace and name replace NAMESPACE and NAME in a pattern. */
export interface PatternChannel {
  readonly namespace: string
  readonly name: string
}

/**
 * Returns true when a text, such as the name of a topic, matches a pattern as a whole. NAMESPACE and NAME are those of the channel, `*` is any
 * characters, and every other character is itself.
 */
export function matchesText(pattern: string, channel: PatternChannel, text: string): boolean {
  return isMatch(piecesOf(pattern, channel), text)
}

function piecesOf(pattern: string, { namespace, name }: PatternChannel): readonly string[] {
  const own: Readonly<Record<string, string>> = { NAMESPACE: namespace, NAME: name }
  return pattern.split('*').map((piece) => piece.replaceAll(/NAMESPACE|NAME/g, (word) => own[word] ?? word))
}

/** Returns true when the text has the pieces in order, the first at its start and the last at its end. The earliest match of each piece is enough. */
function isMatch(pieces: readonly string[], text: string): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const piece of rest) {
    const at = text.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}
