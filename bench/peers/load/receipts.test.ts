import { expect, test } from 'vitest'
import { addLosses, noLoss, Receipts } from './receipts.ts'

function receiptsOf(numbers: readonly number[]): Receipts {
  const receipts = new Receipts()
  for (const number of numbers) receipts.note(number)
  return receipts
}

test('a client that got every event once has lost nothing', () => {
  expect(receiptsOf([0, 1, 2]).countLosses([0, 1, 2])).toEqual({ expected: 3, delivered: 3, duplicates: 0, outOfOrder: 0 })
})

test('an event that did not arrive is missing, even when others arrived twice', () => {
  expect(receiptsOf([0, 0, 0, 2]).countLosses([0, 1, 2])).toEqual({ expected: 3, delivered: 2, duplicates: 2, outOfOrder: 0 })
})

test('an event that the server refused is expected by no client', () => {
  expect(receiptsOf([0, 1]).countLosses([0])).toMatchObject({ expected: 1, delivered: 1 })
})

test('a late event is out of order, but a duplicate is only a duplicate', () => {
  expect(receiptsOf([0, 2, 1, 2]).countLosses([0, 1, 2])).toEqual({ expected: 3, delivered: 3, duplicates: 1, outOfOrder: 1 })
})

test('event numbers may be arbitrarily large', () => {
  expect(receiptsOf([5_000]).countLosses([5_000, 5_001])).toMatchObject({ expected: 2, delivered: 1 })
})

test('losses of clients add up', () => {
  const one = receiptsOf([0]).countLosses([0, 1])
  expect(addLosses([one, one])).toEqual({ expected: 4, delivered: 2, duplicates: 0, outOfOrder: 0 })
  expect(addLosses([])).toEqual(noLoss)
})
