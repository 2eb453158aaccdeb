/** The channel that NAMESPACE and NAME of a pattern stand for. */
export interface PatternChannel {
  readonly namespace: string
  readonly name: string
}

/**
 * Whether a text, such as the name of a topic, is as a pattern says: NAMESPACE and NAME are the channel's own, `*` is any characters, everything
 * else is itself, and the pattern is about the whole text.
 */
export function matchesText(pattern: string, channel: PatternChannel, text: string): boolean {
  return isMatch(piecesOf(pattern, channel), text)
}

function piecesOf(pattern: string, { namespace, name }: PatternChannel): readonly string[] {
  const own: Readonly<Record<string, string>> = { NAMESPACE: namespace, NAME: name }
  return pattern.split('*').map((piece) => piece.replaceAll(/NAMESPACE|NAME/g, (word) => own[word] ?? word))
}

/** The pieces stand in the text one after the other, the first at its start and the last at its end. Taking each as early as it comes is enough. */
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
