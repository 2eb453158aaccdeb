import { expect, inject, it, vi } from 'vitest'

it('vi.waitFor waits for longer than the second after which it gives up by itself, unless it is told', async () => {
  const begunMs = performance.now()
  const isLate = (): void => expect(performance.now() - begunMs).toBeGreaterThan(1_200)
  await expect(vi.waitFor(isLate, 100)).rejects.toThrow('to be greater than 1200')
  await vi.waitFor(isLate)
  expect(inject('patienceMs')).toBe(20_000)
})
