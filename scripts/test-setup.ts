import { vi } from 'vitest'

/** Below the time limit of a test, so that it is said what did not come. */
const patienceMs = 20_000

// How long something takes on a machine that others use, too, is no test's matter, and without this `vi.waitFor` gives up after a second.
const { waitFor } = vi
vi.waitFor = (look, options = {}) => waitFor(look, { timeout: patienceMs, ...(typeof options === 'number' ? { timeout: options } : options) })
