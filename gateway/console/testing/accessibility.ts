import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** Rules of WCAG 2.2 AA and good practice, and the two that axe-core leaves out by default. */
const options: axe.RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  rules: { 'target-size': { enabled: true }, 'duplicate-id': { enabled: true } },
}

/** Returns what axe-core, and two checks that it lacks, find wrong with the page as it stands. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate((wanted) => (window as unknown as AxeWindow).axe.run(document, wanted), options)
  return [
    ...violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`)),
    ...(await page.evaluate(findFaintPlaceholders)),
    ...(await page.evaluate(findSmallTargets)),
  ]
}

/** What `axe.source` adds to the page. The colours are not part of its published types. */
interface AxeWindow {
  readonly axe: typeof axe & {
    readonly commons: {
      readonly color: {
        readonly Color: new () => { parseString(text: string): void }
        getBackgroundColor(element: Element, behind: Element[]): object | null
        getContrast(one: object, other: object): number
      }
    }
  }
}

/** axe-core does not look at placeholders (WCAG 2.2, 1.4.3: 4.5). Runs inside the page. */
function findFaintPlaceholders(): readonly string[] {
  const { axe: inPage } = window as unknown as AxeWindow
  const { Color, getBackgroundColor, getContrast } = inPage.commons.color
  inPage.setup(document)
  const faint = [...document.querySelectorAll<HTMLElement>('[placeholder]')]
    .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.matches(':disabled'))
    .map((element) => {
      const text = new Color()
      text.parseString(getComputedStyle(element, '::placeholder').color)
      const background = getBackgroundColor(element, [])
      return { id: element.id, contrast: background === null ? 0 : getContrast(background, text) }
    })
    .filter(({ contrast }) => contrast < 4.5)
  inPage.teardown()
  return faint.map(({ id, contrast }) => `placeholder of #${id}: ${contrast.toFixed(2)}`)
}

/** axe-core accepts a small target with room around it. Here all have 24 by 24 pixels (WCAG 2.2, 2.5.8). Runs inside the page. */
function findSmallTargets(): readonly string[] {
  return [...document.querySelectorAll<HTMLElement>('button, select, summary, input')]
    .filter((element) => element.checkVisibility() && !element.matches('input[type="checkbox"], input[type="radio"]'))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 24 || box.height < 24)
    .map(({ element, box }) => `${element.tagName}#${element.id} ${element.textContent}: ${box.width} x ${box.height}`)
}
