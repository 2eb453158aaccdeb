import { inject, vi } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Milliseconds; vitest.config.ts sets them for each suite. */
    readonly patienceMs: number
  }
}

// Tests do not measure how long things take on a shared machine, and without this `vi.waitFor` gives up after a second.
const { waitFor } = vi
vi.waitFor = (look, options = {}) =>
  waitFor(look, { timeout: inject('patienceMs'), ...(typeof options === 'number' ? { timeout: options } : options) })
