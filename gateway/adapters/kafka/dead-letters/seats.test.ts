import { describe, expect, it } from 'vitest'
import { createSeats } from './seats.ts'

const never = new AbortController().signal
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

describe('seats', () => {
  it('let a limited number work at once, and the next in the order of asking', async () => {
    const seats = createSeats(2)
    const leave = [await seats.take(false, never), await seats.take(false, never)]
    const order: string[] = []
    void seats.take(false, never).then(() => order.push('first'))
    void seats.take(false, never).then(() => order.push('second'))
    await settle()
    expect(order).toEqual([])
    leave[0]?.()
    leave[0]?.()
    await settle()
    expect(order).toEqual(['first'])
    leave[1]?.()
    await settle()
    expect(order).toEqual(['first', 'second'])
  })

  // K3: one partition in trouble stopped all others of the pod.
  it('keep half of the places for partitions that are not in trouble', async () => {
    const seats = createSeats(4)
    await seats.take(true, never)
    await seats.take(true, never)
    const entered: string[] = []
    void seats.take(true, never).then(() => entered.push('suspect'))
    void seats.take(false, never).then(() => entered.push('well'))
    await settle()
    expect(entered).toEqual(['well'])
  })

  it('let a partition in trouble in when another of its kind leaves', async () => {
    const seats = createSeats(2)
    const leave = await seats.take(true, never)
    const waiting = seats.take(true, never)
    leave()
    expect(await waiting).toBeTypeOf('function')
  })

  it('are not given to a caller that no longer waits', async () => {
    const seats = createSeats(1)
    const leave = await seats.take(false, never)
    const leaving = new AbortController()
    const gone = seats.take(false, leaving.signal)
    leaving.abort(new Error('ended'))
    await expect(gone).rejects.toThrow('ended')
    await expect(seats.take(false, leaving.signal)).rejects.toThrow('ended')
    leave()
    expect(await seats.take(false, never)).toBeTypeOf('function')
  })
})
