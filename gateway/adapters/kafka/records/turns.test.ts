import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

describe('work that shares turns of the event loop', () => {
  it('goes on one piece a turn, in the order of asking', async () => {
    const turns = new Turns()
    const went: string[] = []
    const piece = async (name: string): Promise<void> => {
      for (let time = 1; time <= 2; time++) {
        await turns.turn()
        went.push(`${name}${time}`)
      }
    }
    const all = Promise.all([piece('a'), piece('b')])
    for (const expected of [['a1'], ['a1', 'b1'], ['a1', 'b1', 'a2'], ['a1', 'b1', 'a2', 'b2']]) {
      await nextTurn()
      expect(went).toEqual(expected)
    }
    await all
  })
})
