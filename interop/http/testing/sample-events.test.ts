import { expect, it } from 'vitest'
import { checkMessages, sampleEvents } from './sample-events.ts'

const [first] = sampleEvents
const arrived = (more: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...first, cursor: 'A', ...more })

it('an unchanged event is reported by its id, in any order of its members', () => {
  expect(
    checkMessages([arrived({}), JSON.stringify({ cursor: 'A', ...Object.fromEntries(Object.entries(first ?? {}).toReversed()) })]),
  ).toEqual(['json', 'json'])
})

it('an extension that became a string is reported', () =>
  expect(checkMessages([arrived({ priority: '5' })])).toEqual([expect.stringMatching(/^not as emitted: .*"priority":"5"/)]))

it('an event without a cursor is reported', () => expect(checkMessages([JSON.stringify(first)])).toEqual(['json without a cursor']))

it('a message that is not JSON is reported', () => expect(checkMessages([''])).toEqual(['not JSON: ""']))

it('a control event is reported by its type', () => expect(checkMessages(['{"type":"dev.carillon.gap","cursor":"A"}'])).toEqual(['!gap']))
