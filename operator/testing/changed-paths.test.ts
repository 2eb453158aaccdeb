import { expect, it } from 'vitest'
import { changedPaths } from './changed-paths.ts'

it('returns the paths that were set, changed or removed, and no unchanged path', () => {
  const before = { spec: { replicas: 1, paused: true, selector: { app: 'a' }, args: ['x'] } }
  const after = { spec: { replicas: 2, selector: { app: 'a' }, args: ['x', 'y'], strategy: { type: 'Recreate' } } }
  expect(changedPaths(before, after)).toEqual(['spec.args', 'spec.paused', 'spec.replicas', 'spec.strategy'])
  expect(changedPaths(before, before)).toEqual([])
})

it('matches the items of a list by name, in any order', () => {
  const [a, b] = [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ]
  expect(changedPaths({ env: [a, b] }, { env: [{ ...b, value: '3' }, a] })).toEqual(['env.b.value'])
  expect(changedPaths({ env: [a] }, { env: [a, b] })).toEqual(['env.b'])
})
