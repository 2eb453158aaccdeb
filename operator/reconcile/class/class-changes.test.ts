import { expect, it } from 'vitest'
import { createClassChanges } from './class-changes.ts'

it('looks at the channels of a changed class one after the other', () => {
  const enqueued: (readonly [string, number])[] = []
  const channels = Array.from({ length: 1_000 }, (_, index) => ({ namespace: 'shop', name: `c-${index}` }))
  const change = createClassChanges({
    channelsOf: ({ name }) => (name === 'edge' ? channels : []),
    enqueueAfter: ({ name }, afterMs) => void enqueued.push([name, afterMs]),
  })
  change({ name: 'other', isDefault: true })
  expect(enqueued).toEqual([])
  change({ name: 'edge', isDefault: false })
  expect([enqueued[0], enqueued[1], enqueued.at(-1)]).toEqual([
    ['c-0', 0],
    ['c-1', 50],
    ['c-999', 49_950],
  ])
})
