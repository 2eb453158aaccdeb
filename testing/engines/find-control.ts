import { until } from '../until.ts'
import type { Control } from './engine.ts'

/** An expression that a page evaluates to the control, or to null while the page shows none that is enabled. */
export function controlExpression({ kind, name }: Control): string {
  return `(${findInPage.toString()})(${JSON.stringify({ kind, source: name.source, flags: name.flags })})`
}

/** Runs inside the page, so it uses nothing of this module. */
function findInPage({
  kind,
  source,
  flags,
}: {
  readonly kind: Control['kind']
  readonly source: string
  readonly flags: string
}): Element | null {
  const wanted = new RegExp(`^(?:${source})$`, flags)
  const nameOf = (element: HTMLElement): string => {
    const labels = 'labels' in element ? [...(element.labels as NodeListOf<HTMLElement>)] : [] // all fields have labels
    const shown = kind === 'button' ? [element] : labels
    return element.getAttribute('aria-label') ?? shown.map(({ textContent }) => textContent).join(' ')
  }
  const candidates = document.querySelectorAll<HTMLButtonElement>(kind === 'button' ? 'button' : 'input, select, textarea')
  return (
    [...candidates].find(
      (element) => wanted.test(nameOf(element).replaceAll(/\s+/g, ' ').trim()) && element.checkVisibility() && !element.disabled,
    ) ?? null
  )
}

/** Waits until `find` returns a handle of the control. */
export async function waitForControl<Handle>({ kind, name }: Control, find: () => Promise<Handle | null>): Promise<Handle> {
  let found: Handle | null = null
  const isThere = async (): Promise<boolean> => (found = await find()) !== null
  await until(isThere, { what: `a ${kind} of the name ${name} that is enabled`, seconds: 20, everyMs: 50 })
  // `until` throws otherwise.
  return found as Handle
}
