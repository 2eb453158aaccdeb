import { inject, vi } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Milliseconds; vitest.config.ts says how many for which suite. */
    readonly patienceMs: number
  }
}

// How long something takes on a machine that others use, too, is no test's matter, and without this `vi.waitFor` gives up after a second.
const { waitFor } = vi
vi.waitFor = (look, options = {}) =>
  waitFor(look, { timeout: inject('patienceMs'), ...(typeof options === 'number' ? { timeout: options } : options) })
