import { describe, expect, it } from 'vitest'
import { readCursorsParameter } from './cursors-parameter.ts'

describe('readCursorsParameter', () => {
  it.each([
    ['', 'full'],
    ['cursor=latest', 'full'],
    ['cursor=latest&cursors=short', 'short'],
    ['%63ursors=short', 'short'],
    ['cursors=full', 'full'],
    ['cursors=', 'full'],
    ['cursors=tiny', 'full'],
    ['cursors=shorter', 'full'],
    ['cursors=short.0-1ab', 'short'],
    ['cursors=short&cursors=full', 'full'],
    ['cursors=full&cursors=short', 'short'],
    ['cursor=cursors&filters=%5B%5D', 'full'],
  ])('reads %j as %s', (query, form) => {
    expect(readCursorsParameter(new URLSearchParams(query))).toBe(form)
  })
})
