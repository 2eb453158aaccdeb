/**
 * Returns whether one name may belong to two namespaces, although the pattern holds NAMESPACE. `NAMESPACE-*` gives `a-b-c` to the namespaces `a` and
 * `a-b`; `*.NAMESPACE.*` gives `x.a.b.c` to `a` and `b`. No namespace has a dot in its name. So a pattern keeps two namespaces apart by a dot beside
 * NAMESPACE, with `*` or NAME on at most one side.
 */
export function isAmbiguous(pattern: string): boolean {
  return [openBeside, openBehind, openAround].some((shape) => shape.test(pattern))
}

const openBeside = /(?:\*|NAME(?!SPACE))[a-z0-9-]*NAMESPACE/
const openBehind = /NAMESPACE[a-z0-9-]*(?:\*|NAME(?!SPACE))/
const openAround = /(?:\*|NAME(?!SPACE)).*NAMESPACE.*(?:\*|NAME(?!SPACE))/
