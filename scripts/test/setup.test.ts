import { expect, inject, it, vi } from 'vitest'

it('vi.waitFor waits longer than its default of a second, unless a test sets a time-out', async () => {
  const begunMs = performance.now()
  const isLate = (): void => expect(performance.now() - begunMs).toBeGreaterThan(1_200)
  await expect(vi.waitFor(isLate, 100)).rejects.toThrow('to be greater than 1200')
  await vi.waitFor(isLate)
  expect(inject('patienceMs')).toBe(20_000)
})
