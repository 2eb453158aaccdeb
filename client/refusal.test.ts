import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHarness, type Harness, pass } from './testing/harness.ts'

let harness: Harness

beforeEach(() => {
  harness = createHarness()
})

afterEach(() => {
  vi.restoreAllMocks()
  harness.stop()
})

/** The gateway accepts the socket of a page and closes it at once: a script sees nothing else. */
async function refuse(): Promise<void> {
  harness.doubles.last().open()
  harness.doubles.last().end(4001, 'There is no token.')
  await pass(0)
}

describe('a final refusal', () => {
  // A page without a cookie, `connect({channel, onEvent})`: the console stayed empty, and nothing happened, ever.
  it('is an error in the console, once, without a callback for it', async () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {})
    const connection = await harness.start({ onStateChange: undefined, onError: undefined })
    await refuse()
    await pass(60_000)
    expect(written.mock.calls).toEqual([[new Error('Carillon: closed, will not reconnect (4001). There is no token.')]])
    connection.close()
    expect(written).toHaveBeenCalledTimes(1)
  })

  it('goes to onError instead of the console', async () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => {})
    const errors: unknown[] = []
    await harness.start({ onStateChange: undefined, onError: (error) => errors.push(error) })
    await refuse()
    expect(errors).toEqual([new Error('Carillon: closed, will not reconnect (4001). There is no token.')])
    expect(written).not.toHaveBeenCalled()
  })

  it('goes to onStateChange alone when that is given', async () => {
    const seen: unknown[] = []
    await harness.start({ onStateChange: ({ kind }) => seen.push(kind), onError: (error) => seen.push(error) })
    await refuse()
    expect(seen).toEqual(['connecting', 'closed'])
  })

  it('is reported again after reconnect(), and not after close()', async () => {
    const errors: unknown[] = []
    const connection = await harness.start({ onStateChange: undefined, onError: (error) => errors.push(error) })
    await refuse()
    connection.reconnect()
    await pass(0)
    await refuse()
    expect(errors).toHaveLength(2)
    connection.reconnect()
    await pass(0)
    connection.close()
    expect(errors).toHaveLength(2)
  })

  it('of SSE is reported as well', async () => {
    const errors: unknown[] = []
    await harness.startBlocked({ onStateChange: undefined, onError: (error) => errors.push(error) })
    harness.streams.last().refuse(401, { type: 'urn:carillon:problem:unauthenticated', detail: 'There is no token.' })
    await pass(0)
    expect(errors).toEqual([new Error('Carillon: closed, will not reconnect (401). There is no token.')])
  })
})

describe('an impossible token', () => {
  // Three WebSockets and an SSE request were tried, and no message named the word.
  it.each(['Bearer a.b.c', 'bearer a.b.c', 'a.b.c\n', ' a.b.c', '"a.b.c"'])(
    '%j is refused before anything is opened, with its fault named',
    async (token) => {
      const errors: unknown[] = []
      const connection = await harness.start({ token: () => token, onStateChange: undefined, onError: (error) => errors.push(error) })
      expect(harness.doubles.sockets).toEqual([])
      expect(connection.state).toEqual({
        kind: 'closed',
        code: 4001,
        reason: 'The token must be a JWT alone, without "Bearer ".',
      })
      expect(errors).toEqual([new Error('Carillon: closed, will not reconnect (4001). The token must be a JWT alone, without "Bearer ".')])
    },
  )
})
