import { expect, it } from 'vitest'
import { judge, sampleEvents } from './sample-events.ts'

const [first] = sampleEvents
const arrived = (more: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...first, cursor: 'A', ...more })

it('an event that arrives as it was emitted is judged by its id, whatever the order of its members', () => {
  expect(judge([arrived({}), JSON.stringify({ cursor: 'A', ...Object.fromEntries(Object.entries(first ?? {}).toReversed()) })])).toEqual([
    'json',
    'json',
  ])
})

it('an extension that became a string is shown', () =>
  expect(judge([arrived({ priority: '5' })])).toEqual([expect.stringMatching(/^not as emitted: .*"priority":"5"/)]))

it('an event without a cursor is shown', () => expect(judge([JSON.stringify(first)])).toEqual(['json without a cursor']))

it('a message that is not JSON is shown', () => expect(judge([''])).toEqual(['not JSON: ""']))

it('a control event is judged by its type', () => expect(judge(['{"type":"dev.carillon.gap","cursor":"A"}'])).toEqual(['!gap']))
