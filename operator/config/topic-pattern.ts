/** Whose channel it is that names a topic. */
export interface PatternChannel {
  readonly namespace: string
  readonly name: string
}

/**
 * Whether a channel may use a topic, as `TOPIC_PATTERN` says: NAMESPACE and NAME are the channel's own, `*` is any characters, everything
 * else is itself, and the pattern is about the whole name.
 */
export function mayUseTopic(pattern: string, channel: PatternChannel, topic: string): boolean {
  return isMatch(piecesOf(pattern, channel), topic)
}

function piecesOf(pattern: string, { namespace, name }: PatternChannel): readonly string[] {
  const own: Readonly<Record<string, string>> = { NAMESPACE: namespace, NAME: name }
  return pattern.split('*').map((piece) => piece.replaceAll(/NAMESPACE|NAME/g, (word) => own[word] ?? word))
}

/** The pieces stand in the topic one after the other, the first at its start and the last at its end. Taking each as early as it comes is enough. */
function isMatch(pieces: readonly string[], topic: string): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return topic === first
  if (!topic.startsWith(first)) return false
  let from = first.length
  for (const piece of rest) {
    const at = topic.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return topic.length - last.length >= from && topic.endsWith(last)
}

/**
 * Whether one topic might belong to two namespaces, though the pattern names NAMESPACE: `NAMESPACE-*` gives `a-b-c` to the namespaces `a` and
 * `a-b`, and `*.NAMESPACE.*` gives `x.a.b.c` to `a` and `b`. A dot beside NAMESPACE, and something open on one side of it at most, tells
 * them apart, because no namespace has a dot in its name.
 */
export function isAmbiguous(pattern: string): boolean {
  return [openBeside, openBehind, openAround].some((shape) => shape.test(pattern))
}

const openBeside = /(?:\*|NAME(?!SPACE))[a-z0-9-]*NAMESPACE/
const openBehind = /NAMESPACE[a-z0-9-]*(?:\*|NAME(?!SPACE))/
const openAround = /(?:\*|NAME(?!SPACE)).*NAMESPACE.*(?:\*|NAME(?!SPACE))/
