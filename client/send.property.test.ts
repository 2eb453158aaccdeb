import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { createMemoryGateway } from './memory-gateway.ts'
import { connect, SendError } from './send.ts'

afterEach(() => {
  vi.useRealTimers()
})

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), times: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const), code: fc.constantFrom(1006, 1012, 4100, 4200) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('lose' as const, 'ack' as const, 'away' as const, 'back' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('postpone' as const), retryAfterMs: fc.constantFrom(0, 100, 3000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('renew' as const, 'reconnect' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 8000 }) }) },
)

it('under random schedules, every send is acknowledged in the end, and the gateway has each once, in order unless one was postponed', async () => {
  vi.useFakeTimers()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const gateway = createMemoryGateway()
      const connection = connect({ channel: 'chat', ...gateway.options, token: () => 't', onError: () => {} })
      const acknowledged: string[] = []
      const early: string[] = []
      const failures: unknown[] = []
      let sent = 0
      let isPostponed = false
      for (const action of steps) {
        if (action.kind === 'send')
          for (let n = 0; n < action.times; n += 1) {
            const id = `e${(sent += 1)}`
            void (async () => {
              try {
                await connection.send('chat.message', sent, { id })
                if (!gateway.sends.some((event) => event.id === id)) early.push(id)
                acknowledged.push(id)
              } catch (error) {
                failures.push(error instanceof SendError ? error.type : error)
              }
            })()
          }
        else if (action.kind === 'cut') gateway.close(action.code)
        else if (action.kind === 'lose') gateway.loseAnswers()
        else if (action.kind === 'ack') gateway.acceptSends()
        else if (action.kind === 'away') gateway.refuse(4100)
        else if (action.kind === 'back') gateway.accept()
        else if (action.kind === 'renew') connection.renewToken().catch(() => {})
        else if (action.kind === 'reconnect') connection.reconnect()
        else if (action.kind === 'postpone') {
          isPostponed = true
          gateway.refuseSends({ retryAfterMs: action.retryAfterMs })
        } else if ('ms' in action) await vi.advanceTimersByTimeAsync(action.ms)
      }
      gateway.accept()
      gateway.acceptSends()
      gateway.close()
      await vi.advanceTimersByTimeAsync(120_000)
      const all = Array.from({ length: sent }, (_, index) => `e${index + 1}`)
      expect([failures, early]).toEqual([[], []])
      expect(acknowledged.toSorted()).toEqual(all.toSorted())
      const written = gateway.sends.map(({ id }) => id)
      expect(isPostponed ? written.toSorted() : written).toEqual(isPostponed ? all.toSorted() : all)
      expect(connection.outbox).toEqual({ count: 0, bytes: 0 })
      connection.close()
      expect(vi.getTimerCount()).toBe(0)
    }),
    { numRuns: 300 },
  )
})
