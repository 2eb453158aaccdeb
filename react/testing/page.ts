import { act, createElement, StrictMode, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'

/** A page with React on it, in the DOM of the test's environment. */
export interface Page {
  readonly text: string
  /** Renders, runs all effects, and lets timers of 0 ms pass: a provider dials in one. */
  render(tree: ReactNode): Promise<void>
  /** Does something to which the page reacts. */
  act(action: () => unknown): Promise<void>
  unmount(): Promise<void>
}

// React warns about updates outside of act() only where this is true.
Reflect.set(globalThis, 'IS_REACT_ACT_ENVIRONMENT', true)

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

/** @param isStrict mounts everything twice, as React does in development */
export function createPage({ isStrict = false }: { readonly isStrict?: boolean } = {}): Page {
  const place = document.createElement('main')
  const root = createRoot(place)
  const run = async (action: () => unknown): Promise<void> => {
    await act(async () => action())
    // The effects have run now, and a provider dials in a timer.
    await act(settled)
  }
  return {
    get text() {
      return place.textContent ?? ''
    },
    render: (tree) => run(() => root.render(isStrict ? createElement(StrictMode, null, tree) : tree)),
    act: run,
    unmount: () => run(() => root.unmount()),
  }
}
