import { describe, expect, it } from 'vitest'
import { useStarted } from './use.ts'

const life: string[] = []

describe('useStarted', () => {
  const clock = useStarted(
    'clock',
    async () => {
      life.push('started')
      let ticks = 0
      return {
        tick: () => (ticks += 1),
        get ticks() {
          return ticks
        },
      }
    },
    () => void life.push('stopped'),
  )

  it('starts before the tests, and reads through its stand-in', () => {
    clock.tick()
    expect(clock.tick()).toBe(2)
    expect(clock.ticks).toBe(2)
  })
})

it('stops after the tests of its `describe`', () => {
  expect(life).toEqual(['started', 'stopped'])
})

const late = useStarted(
  'late clock',
  async () => ({ ticks: 0 }),
  () => {},
)
let problem = ''
try {
  problem = String(late.ticks)
} catch (error) {
  problem = String(error)
}

it('throws on access before the start', () => {
  expect(problem).toContain('the late clock has not started; use it in a test or in a hook that comes later')
})
