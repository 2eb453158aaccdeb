import { expect, it } from 'vitest'
import { boostDocument, processTerm } from './search.ts'

it('the search takes forms of a word for one word', () => {
  expect(['resume', 'Resuming', 'resumes', 'resumed'].map(processTerm)).toEqual(['resum', 'resum', 'resum', 'resum'])
  expect(['emit', 'emits', 'emitting', 'gaps', 'MAX_EVENT_BYTES'].map(processTerm)).toEqual([
    'emit',
    'emit',
    'emitt',
    'gaps',
    'max_event_byt',
  ])
})

it('the search ranks pages before types, and types before decisions', () => {
  const weights = ['/kafka.html#topics', '/reference/packages/@carillon/client.html#gap', '/adr/0007-cursors.html'].map(boostDocument)
  expect(weights).toEqual(weights.toSorted((a, b) => b - a))
  expect(new Set(weights).size).toBe(3)
})
