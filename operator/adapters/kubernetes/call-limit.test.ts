import { describe, expect, it } from 'vitest'
import { createCallLimit } from './call-limit.ts'

const patient = new AbortController().signal

describe('limiting calls', () => {
  it('lets calls in up to the limit, and the others in order', async () => {
    const limit = createCallLimit(2)
    const entered: string[] = []
    const enter = (name: string): Promise<void> => limit.enter(patient).then(() => void entered.push(name))
    await Promise.all([enter('a'), enter('b')])
    const [c, d] = [enter('c'), enter('d')]
    await Promise.resolve()
    expect(entered).toEqual(['a', 'b'])
    limit.leave()
    await c
    expect(entered).toEqual(['a', 'b', 'c'])
    limit.leave()
    await d
    limit.leave()
    limit.leave()
    await Promise.all([enter('e'), enter('f')])
    expect(entered).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('lets no call in whose time is up, and gives its place to the next', async () => {
    const limit = createCallLimit(1)
    await limit.enter(patient)
    const hasty = new AbortController()
    const gaveUp = limit.enter(hasty.signal)
    const next = limit.enter(patient)
    hasty.abort(new Error('time is up'))
    await expect(gaveUp).rejects.toThrow('time is up')
    limit.leave()
    await next
    await expect(limit.enter(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
  })
})
