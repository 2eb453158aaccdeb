import type { Page } from 'playwright-core'

/** Returns the controls of the page that another element covers, or whose text does not fit, after scrolling to each. */
export function findHiddenControls(page: Page): Promise<readonly string[]> {
  return page.evaluate(inPage)
}

/** Runs inside the page. */
function inPage(): readonly string[] {
  const nameOf = (element: Element): string =>
    `${element.tagName.toLowerCase()}#${element.id} ${element.textContent.replaceAll(/\s+/g, ' ').trim().slice(0, 30)}`
  const isCovered = (element: Element): boolean => {
    element.scrollIntoView({ block: 'nearest', behavior: 'instant' })
    const { left, top, width, height } = element.getBoundingClientRect()
    const hit = document.elementFromPoint(left + width / 2, top + height / 2)
    return hit === null || !(element === hit || element.contains(hit) || hit.closest('label')?.contains(element) === true)
  }
  const isCut = (element: HTMLElement): boolean => {
    if (!(element instanceof HTMLSelectElement)) return element instanceof HTMLButtonElement && element.scrollWidth > element.clientWidth
    const style = getComputedStyle(element)
    const context = document.createElement('canvas').getContext('2d')
    if (context === null) throw new Error('The browser has no canvas.')
    context.font = style.font
    const room = element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight)
    return context.measureText(element.selectedOptions[0]?.textContent ?? '').width > room
  }
  return [...document.querySelectorAll<HTMLElement>('button, select, input, textarea, summary')]
    .filter((element) => element.checkVisibility())
    .flatMap((element) => [
      ...(isCovered(element) ? [`covered: ${nameOf(element)}`] : []),
      ...(isCut(element) ? [`cut: ${nameOf(element)}`] : []),
    ])
}
