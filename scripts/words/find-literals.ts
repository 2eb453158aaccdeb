import { type ParseOptions, parseSync } from '@swc/core'

export interface Span {
  readonly start: number
  readonly end: number
}

/** A string, a template or a pattern of a module. */
export interface Literal {
  /** `title`: it names a test. `row`: it opens a row of a table, which names a test where rows are tests. */
  readonly kind: 'pattern' | 'text' | 'title' | 'row'
  /** The parts that are not code: all of a string, the texts between the expressions of a template. */
  readonly pieces: readonly Span[]
}

const syntax: ParseOptions = { syntax: 'typescript', target: 'esnext' }

/** Finds all literals of a module of TypeScript or JavaScript. @throws when it cannot be parsed */
export function findLiterals(source: string): readonly Literal[] {
  const indexOf = indexOfBytes(source)
  const place = ({ span }: SyntaxNode): Span => ({ start: indexOf(span.start - 1), end: indexOf(span.end - 1) })
  const found: Literal[] = []
  const titles = new Set<SyntaxNode>()
  const rows = new Set<SyntaxNode>()
  const see = (node: SyntaxNode): void => {
    // A node comes before those in it, so a title is known as one when its turn comes.
    if (node.type === 'CallExpression' && isTest(node['callee']))
      for (const title of expressionsIn(node['arguments']).slice(0, 1)) titles.add(title)
    for (const row of elementsOf(node)) for (const cell of elementsOf(row).slice(0, 1)) rows.add(cell)
    const pieces = piecesOf(node)
    if (pieces.length > 0) found.push({ kind: kindOf(node), pieces: pieces.map(place) })
  }
  const kindOf = (node: SyntaxNode): Literal['kind'] => {
    if (node.type === 'RegExpLiteral') return 'pattern'
    if (titles.has(node)) return 'title'
    return rows.has(node) ? 'row' : 'text'
  }
  visit(parseSync(source, syntax), see)
  return found
}

/** A node of swc's tree. Only these fields are read. */
interface SyntaxNode {
  readonly type: string
  readonly span: Span
  readonly [field: string]: unknown
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isNode = (value: unknown): value is SyntaxNode =>
  isObject(value) && 'type' in value && typeof value.type === 'string' && 'span' in value

function visit(value: unknown, see: (node: SyntaxNode) => void): void {
  if (!isObject(value)) return
  if (isNode(value)) see(value)
  for (const child of Object.values(value)) visit(child, see)
}

/** Returns the nodes that are text or a pattern. Their spans have the quotes of a string, and not those of a template. */
function piecesOf(node: SyntaxNode): readonly SyntaxNode[] {
  switch (node.type) {
    case 'StringLiteral':
    case 'RegExpLiteral':
      return [node]
    case 'TemplateLiteral':
    case 'TsTemplateLiteralType':
      return Array.isArray(node['quasis']) ? node['quasis'].filter(isNode) : []
    default:
      return []
  }
}

/** Returns the expressions of arguments, or of the elements of an array. */
const expressionsIn = (list: unknown): readonly SyntaxNode[] =>
  Array.isArray(list)
    ? list.flatMap((item: unknown) => (isObject(item) && 'expression' in item && isNode(item.expression) ? [item.expression] : []))
    : []

/** Returns the elements of an array, with or without `as const`; of another node none. */
function elementsOf(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.type === 'ArrayExpression') return expressionsIn(node['elements'])
  return node.type === 'TsConstAssertion' && isNode(node['expression']) ? elementsOf(node['expression']) : []
}

/** Returns whether a callee is vitest's: `test`, `test.only`, `describe.each(rows)`, `test.skipIf(reason)`. */
function isTest(callee: unknown): boolean {
  if (!isNode(callee)) return false
  switch (callee.type) {
    case 'Identifier':
      return ['test', 'it', 'describe'].includes(String(callee['value']))
    case 'MemberExpression':
      return isTest(callee['object'])
    case 'CallExpression':
      return isTest(callee['callee'])
    default:
      return false
  }
}

/** Returns a function from offsets in UTF-8, which swc counts, to offsets in the string. */
function indexOfBytes(source: string): (byte: number) => number {
  if (Buffer.byteLength(source) === source.length) return (byte) => byte
  const bytes = Buffer.from(source)
  return (byte) => bytes.toString('utf8', 0, byte).length
}
