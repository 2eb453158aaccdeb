import { expect, test } from 'vitest'
import { growthOf, parseLagMs, type Sample } from './samples.ts'

const samplesOf = (values: readonly number[]): readonly Sample[] => values.map((rssBytes, atS) => ({ atS, rssBytes, lagMs: 0 }))

test('the delay of the event loop is the longest one of the page of metrics', () => {
  const page = '# HELP nodejs_eventloop_lag_max_seconds text\nnodejs_eventloop_lag_p99_seconds 9\nnodejs_eventloop_lag_max_seconds 0.0125\n'
  expect(parseLagMs(page)).toBe(12.5)
  expect(parseLagMs('nodejs_eventloop_lag_max_seconds{channel="a"} 2\n')).toBe(2_000)
  expect(parseLagMs('nothing')).toBeNull()
})

test('growth is that from the second quarter to the last, without the warm-up', () => {
  expect(growthOf(samplesOf([1, 1, 100, 100, 50, 50, 120, 120]), ({ rssBytes }) => rssBytes)).toEqual({ first: 100, last: 120, ratio: 1.2 })
})

test('one sample out of many does not look like growth', () => {
  expect(growthOf(samplesOf([1, 1, 1, 10, 10, 10, 5, 5, 5, 10, 900, 10]), ({ rssBytes }) => rssBytes).ratio).toBe(1)
})

test('growth needs four samples', () => {
  expect(() => growthOf(samplesOf([1, 2, 3]), ({ rssBytes }) => rssBytes)).toThrow(RangeError)
})
