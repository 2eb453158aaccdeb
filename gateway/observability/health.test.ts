import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createHealth, healthConditions } from './health.ts'
import type { Health, HealthCondition } from './health.ts'

const names = Object.keys(healthConditions) as HealthCondition[] // the table's own keys
const meetAll = (health: Health): void => names.forEach((name) => health.set(name, null))

describe('the health of a gateway', () => {
  it('starts live and unready, and has its reasons for waiting', () => {
    const health = createHealth()
    expect(health.live()).toEqual({ ok: true, waitingFor: [] })
    expect(health.ready()).toEqual({
      ok: false,
      waitingFor: [
        'listening: the public port is not open yet',
        'log-opened: the log has not been opened yet',
        'warmed-up: the replay log is still being filled',
        'log-reading: the log is not being read yet',
        'revocations: the revocations have not been read yet',
        'keys: the keys that verify tokens have not been loaded yet',
      ],
    })
  })

  it('is ready when every condition is met', () => {
    const health = createHealth()
    meetAll(health)
    expect(health.ready()).toEqual({ ok: true, waitingFor: [] })
    expect(health.conditions()).toEqual(names.map((name) => ({ name, ready: true, waitingFor: null })))
  })

  it('becomes unready and ready again with one condition, and stays live', () => {
    const health = createHealth()
    meetAll(health)
    health.set('log-reading', 'the consumer is being rebuilt')
    expect(health.ready()).toEqual({ ok: false, waitingFor: ['log-reading: the consumer is being rebuilt'] })
    expect(health.live().ok).toBe(true)
    health.set('log-reading', null)
    expect(health.ready().ok).toBe(true)
  })

  it('is neither live nor ready after a failure, also when all conditions are met later, and keeps the first reason', () => {
    const health = createHealth()
    meetAll(health)
    health.fail('the log cannot be read')
    health.fail('another')
    meetAll(health)
    expect(health.live()).toEqual({ ok: false, waitingFor: ['failed: the log cannot be read'] })
    expect(health.ready()).toEqual({ ok: false, waitingFor: ['failed: the log cannot be read'] })
  })

  it('reports each change of readiness once', () => {
    const onReadyChanged = vi.fn()
    const health = createHealth({ onReadyChanged })
    meetAll(health)
    health.set('keys', null)
    health.set('not-draining', 'the gateway is stopping')
    health.set('listening', 'closed')
    expect(onReadyChanged.mock.calls.map(([verdict]) => verdict)).toEqual([
      { ok: true, waitingFor: [] },
      { ok: false, waitingFor: ['not-draining: the gateway is stopping'] },
    ])
  })

  it('is ready if and only if nothing is waited for, after any history', () => {
    const change = fc.tuple(fc.constantFrom(...names), fc.option(fc.string()))
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const health = createHealth()
        const last = new Map<string, string | null>(Object.entries(healthConditions))
        for (const [name, waitingFor] of changes) {
          health.set(name, waitingFor)
          last.set(name, waitingFor)
        }
        const waiting = [...last.values()].filter((text) => text !== null).length
        return health.ready().ok === (waiting === 0) && health.ready().waitingFor.length === waiting
      }),
    )
  })
})
