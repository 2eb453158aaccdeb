type Attributes = Readonly<Record<string, string | boolean | number | undefined>>

/** Makes an element. Leaves out attributes that are false or undefined; true makes an empty one. */
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

/** Returns the element of the page with that id. @throws Error if there is none of that kind: page and script are of different versions */
export function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`)
  return element
}

/** Sets text only if it differs, so that a screen reader does not repeat it and a selection stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function setClass(element: Element, name: string, isOn: boolean): void {
  element.classList.toggle(name, isOn)
}

/** Makes a function that calls another at most once per animation frame. */
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

/** Copies a text. @returns false: the clipboard refused it, as it does in pages that are neither https nor of this machine */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // The context is not secure, or copying is not allowed. The caller reports it.
    return false
  }
}

/** Returns milliseconds since the epoch, with fractions. One clock for all times that are compared. */
export const nowMs = (): number => performance.timeOrigin + performance.now()
