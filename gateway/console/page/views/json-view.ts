import { h } from '../dom.ts'
import { formatCount } from '../format.ts'

/** Most members of an object or array, characters of a text, and lines of all, that are shown before the user asks for more. */
const maxMembers = 100
const maxText = 1_000
const maxLines = 300

/** Depth from which objects and arrays are folded. */
const foldedDepth = 4

/**
 * Renders JSON as lines that fold. What is folded is rendered when it unfolds, so that the size of a payload does not matter. All of it is text:
 * a payload cannot bring elements.
 */
export function renderJson(value: unknown, name: string): HTMLElement {
  const budget = { lines: maxLines }
  return h('div', { class: 'json', tabindex: 0, role: 'group', 'aria-label': name }, renderValue({ value, key: null, depth: 0, budget }))
}

interface Node {
  readonly value: unknown
  /** The name in an object; null: there is none. */
  readonly key: string | null
  readonly depth: number
  /** The lines that may still be rendered unfolded. */
  readonly budget: { lines: number }
}

function renderValue(node: Node): HTMLElement {
  node.budget.lines -= 1
  const { value } = node
  if (typeof value !== 'object' || value === null) return h('div', { class: 'line' }, ...renderKey(node), renderScalar(value))
  const members: readonly (readonly [string | null, unknown])[] = Array.isArray(value)
    ? value.map((member) => [null, member] as const)
    : Object.entries(value)
  const [opening, closing] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (members.length === 0) return h('div', { class: 'line' }, ...renderKey(node), `${opening}${closing}`)
  return renderFold(node, members, { opening, closing, count: formatCount(members.length, Array.isArray(value) ? 'item' : 'member') })
}

function renderFold(
  node: Node,
  members: readonly (readonly [string | null, unknown])[],
  { opening, closing, count }: { readonly opening: string; readonly closing: string; readonly count: string },
): HTMLElement {
  const folded = h('span', { class: 'folded' }, ` ${count} ${closing}`)
  const body = h('div', { class: 'members' })
  const details = h('details', {}, h('summary', { class: 'line' }, ...renderKey(node), opening, folded), body, h('div', {}, closing))
  const fill = (): void => {
    if (body.firstChild === null) appendMembers(body, members, node)
  }
  details.addEventListener('toggle', fill)
  if (node.depth < foldedDepth && node.budget.lines > Math.min(members.length, maxMembers)) {
    details.open = true
    fill()
  }
  return details
}

/** Appends members, a hundred at a time. */
function appendMembers(body: HTMLElement, members: readonly (readonly [string | null, unknown])[], { depth, budget }: Node): void {
  for (const [key, value] of members.slice(0, maxMembers)) body.append(renderValue({ value, key, depth: depth + 1, budget }))
  const rest = members.slice(maxMembers)
  if (rest.length === 0) return
  const more = h(
    'button',
    { type: 'button', class: 'ghost small' },
    `Show ${Math.min(rest.length, maxMembers)} more of ${formatCount(rest.length, 'member')}`,
  )
  more.addEventListener('click', () => {
    more.remove()
    appendMembers(body, rest, { value: null, key: null, depth, budget: { lines: 0 } })
  })
  body.append(more)
}

const renderKey = ({ key }: Node): readonly (HTMLElement | string)[] =>
  key === null ? [] : [h('span', { class: 'key' }, JSON.stringify(key)), ': ']

function renderScalar(value: unknown): HTMLElement {
  const text = JSON.stringify(value) ?? 'null'
  const kind = value === null ? 'null' : typeof value
  const element = h('span', { class: kind }, text.slice(0, maxText))
  if (text.length <= maxText) return element
  const more = h('button', { type: 'button', class: 'ghost small' }, `Show all ${formatCount(text.length, 'character')}`)
  more.addEventListener('click', () => {
    element.textContent = text
  })
  element.append('… ', more)
  return element
}
