import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import { aChannel } from '../../testing/channel-builders.ts'
import type { Outcome } from '../plan-types.ts'
import { createHealMeter } from './heal-meter.ts'
import { childKey, healKey } from '../world.ts'

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'chat-gateway', namespace: 'shop' } }
const healOf = (...lost: readonly string[]): Outcome => ({
  kind: 'done',
  action: {
    kind: 'apply-object',
    type: operandTypes.Deployment,
    object: deployment,
    change: 'heal',
    restartsPods: false,
    lost,
    takenBy: ['kubectl-edit'],
  },
})
const key = (field: string) => healKey(childKey('Deployment', 'chat-gateway'), field)

function rig(maxChannels?: number) {
  const clock = { nowMs: 1_000_000 }
  const meter = createHealMeter({ nowMs: () => clock.nowMs, ...(maxChannels === undefined ? {} : { maxChannels }) })
  return { meter, clock, channel: aChannel() }
}

describe('a field that is healed', () => {
  it('is contested after the third heal in two minutes, and not after the second', () => {
    const { meter, clock, channel } = rig()
    for (const seconds of [0, 30, 31]) {
      clock.nowMs = 1_000_000 + seconds * 1_000
      expect([...meter.contestedOf(channel)]).toEqual([])
      meter.healed(channel, [healOf('spec.replicas')])
    }
    expect([...meter.contestedOf(channel)]).toEqual([
      [key('spec.replicas'), { lastHealMs: 1_031_000, pauseMs: 60_000, hasWaited: false, takenBy: ['kubectl-edit'] }],
    ])
  })

  it('is not contested by heals of other fields, by heals that failed, or by heals that are far apart', () => {
    const { meter, clock, channel } = rig()
    for (const field of ['a', 'b', 'c', 'd']) meter.healed(channel, [healOf(field)])
    for (let times = 0; times < 5; times++) meter.healed(channel, [{ ...healOf('e'), kind: 'not-tried' }])
    for (let times = 0; times < 5; times++) {
      clock.nowMs += 60_001
      meter.healed(channel, [healOf('f')])
    }
    expect([...meter.contestedOf(channel)]).toEqual([])
  })

  it('waits twice as long after each heal in vain, up to ten minutes, and is forgotten when a heal lasts', () => {
    const { meter, clock, channel } = rig()
    const pauseMs = (): number | undefined => meter.contestedOf(channel).get(key('f'))?.pauseMs
    for (let times = 0; times < 3; times++) meter.healed(channel, [healOf('f')])
    const pauses = [1, 2, 3, 4, 5].map(() => {
      const pause = pauseMs() ?? 0
      clock.nowMs += pause
      meter.healed(channel, [healOf('f')])
      return pause / 60_000
    })
    expect([pauses, pauseMs()]).toEqual([[1, 2, 4, 8, 10], 600_000])
    clock.nowMs += 720_001
    expect(pauseMs()).toBeUndefined()
  })

  it('can be the finalizer of the channel, or a whole object that is created again', () => {
    const { meter, channel } = rig()
    const made: Outcome = {
      kind: 'done',
      action: {
        kind: 'apply-object',
        type: operandTypes.Deployment,
        object: deployment,
        change: 'create',
        restartsPods: false,
        lost: ['the object'],
      },
    }
    for (let times = 0; times < 3; times++) meter.healed(channel, [{ kind: 'done', action: { kind: 'add-finalizer' } }, made])
    expect([...meter.contestedOf(channel).keys()]).toEqual([
      healKey(childKey('RealtimeChannel', 'chat'), 'metadata.finalizers[carillon.dev/topic]'),
      key('the object'),
    ])
  })

  it('is healed at once when the channel has changed', () => {
    const { meter, channel } = rig()
    for (let times = 0; times < 3; times++) meter.healed(channel, [healOf('f')])
    expect(meter.contestedOf(aChannel({ metadata: { generation: 2 } })).size).toBe(0)
    expect(meter.contestedOf(channel).size).toBe(0)
  })

  it('is not delayed longer by a clock that is put back', () => {
    const { meter, clock, channel } = rig()
    for (let times = 0; times < 3; times++) meter.healed(channel, [healOf('f')])
    clock.nowMs -= 3_600_000
    expect(meter.contestedOf(channel).size).toBe(0)
  })

  it('is remembered for a limited number of channels', () => {
    const { meter } = rig(2)
    const channels = ['a', 'b', 'c'].map((name) => aChannel({ metadata: { name } }))
    for (const channel of channels) for (let times = 0; times < 3; times++) meter.healed(channel, [healOf('f')])
    expect(channels.map((channel) => meter.contestedOf(channel).size)).toEqual([0, 1, 1])
  })

  it('is healed at most a dozen times an hour, however soon it is changed again', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 100, maxLength: 500 }), (gaps) => {
        const { meter, clock, channel } = rig()
        const heals: number[] = []
        for (const seconds of gaps) {
          clock.nowMs += seconds * 1_000
          const contest = meter.contestedOf(channel).get(key('f'))
          if (contest !== undefined && clock.nowMs < contest.lastHealMs + contest.pauseMs) continue
          meter.healed(channel, [healOf('f')])
          heals.push(clock.nowMs)
        }
        const perHour = heals.map((from) => heals.filter((at) => at >= from && at < from + 3_600_000).length)
        expect(Math.max(...perHour)).toBeLessThanOrEqual(12)
      }),
      { seed: 1, numRuns: 100 },
    )
  })
})
