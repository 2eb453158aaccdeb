import { describe, expect, it } from 'vitest'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { WatcherState } from '../runtime/watcher.ts'
import { createHealth } from './health.ts'

const unheard: WatcherState = { hasSynced: false, lastHeardAtMs: null, relists: 0, isTypeMissing: false, isOutOfReach: false }

function rig() {
  const states: Record<string, WatcherState> = { a: unheard, b: unheard }
  let nowMs = 1_000
  let stuck: string | null = null
  const health = createHealth({
    watchers: ['a', 'b'].map((namespace) => ({ target: { type: channelType, namespace }, state: () => states[namespace] ?? unheard })),
    controller: { stuck: () => stuck },
    staleAfterMs: 300_000,
    clock: { now: () => nowMs },
  })
  return {
    health,
    hear: (...namespaces: string[]) => {
      for (const namespace of namespaces) states[namespace] = { ...unheard, hasSynced: true, lastHeardAtMs: nowMs }
    },
    set: (namespace: string, state: Partial<WatcherState>) => {
      states[namespace] = { ...unheard, ...state }
    },
    pass: (ms: number) => {
      nowMs += ms
    },
    getStuck: (why: string | null) => {
      stuck = why
    },
  }
}

describe('the health of an operator', () => {
  it('is ready when all watches have synced, and names those that have not', () => {
    const { health, hear } = rig()
    expect(health.ready()).toEqual({
      ok: false,
      waitingFor: ['the watch of realtimechannels in a has not synced yet', 'the watch of realtimechannels in b has not synced yet'],
    })
    hear('a')
    expect(health.ready().waitingFor).toEqual(['the watch of realtimechannels in b has not synced yet'])
    hear('b')
    expect(health.ready()).toEqual({ ok: true, waitingFor: [] })
  })

  it('is live while no watch is silent for too long', () => {
    const { health, hear, pass } = rig()
    hear('a', 'b')
    pass(300_000)
    expect(health.live()).toEqual({ ok: true, waitingFor: [] })
    hear('a')
    pass(1)
    expect(health.live()).toEqual({ ok: false, waitingFor: ['the watch of realtimechannels in b has heard nothing for 300 s'] })
    hear('b')
    expect(health.live().ok).toBe(true)
  })

  it('gives a watch without any news the same time, counted from the start', () => {
    const { health, pass } = rig()
    pass(300_000)
    expect(health.live().ok).toBe(true)
    pass(1)
    expect(health.live().waitingFor.length).toBe(2)
  })

  it('is live although a type is not installed', () => {
    const { health, set, hear, pass } = rig()
    set('a', { hasSynced: true, isTypeMissing: true })
    pass(300_001)
    hear('b')
    expect([health.live().ok, health.ready().ok]).toEqual([true, true])
  })

  it('is live and ready although a namespace is out of reach', () => {
    const { health, set, hear, pass } = rig()
    hear('a', 'b')
    pass(300_001)
    hear('b')
    set('a', { hasSynced: true, isOutOfReach: true, lastHeardAtMs: 301_001 })
    expect([health.live().ok, health.ready().ok]).toEqual([true, true])
    expect(health.conditions()[0]).toMatchObject({ watch: 'realtimechannels in a', isOutOfReach: true })
  })

  it('is not live while the controller is stuck, and has the reason', () => {
    const { health, hear, getStuck } = rig()
    hear('a', 'b')
    getStuck('the reconcile of shop/orders has not ended for 400 s')
    expect(health.live()).toEqual({ ok: false, waitingFor: ['the reconcile of shop/orders has not ended for 400 s'] })
    expect(health.ready().ok).toBe(true)
  })

  it('shows the state of every watch', () => {
    const { health, hear, pass } = rig()
    hear('a')
    pass(2_400)
    expect(health.conditions()).toEqual([
      { watch: 'realtimechannels in a', hasSynced: true, heardSecondsAgo: 2, isTypeMissing: false, isOutOfReach: false },
      { watch: 'realtimechannels in b', hasSynced: false, heardSecondsAgo: null, isTypeMissing: false, isOutOfReach: false },
    ])
  })
})
