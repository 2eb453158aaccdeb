type Attributes = Readonly<Record<string, string | boolean | number | undefined>>

/** Makes an element. An attribute that is false or undefined is left out; true stands for an empty one. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children)
  return element
}

/** The element of the page with that id. @throws Error when the page has none of that kind: the page and its script do not belong together */
export function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`)
  return element
}

/** Sets text only when it differs, so that a screen reader is not told the same again and a selection stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function setClass(element: Element, name: string, isOn: boolean): void {
  element.classList.toggle(name, isOn)
}

/** Calls at most once per animation frame, however often it is asked. */
export function oncePerFrame(work: () => void): () => void {
  let isAsked = false
  return () => {
    if (isAsked) return
    isAsked = true
    requestAnimationFrame(() => {
      isAsked = false
      work()
    })
  }
}

/** @returns whether the clipboard took it; it does not in pages that are neither https nor of this machine */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Not a secure context, or not allowed: the caller says so.
    return false
  }
}

/** Milliseconds since the epoch, with fractions, from one clock for all that is compared. */
export const nowMs = (): number => performance.timeOrigin + performance.now()
