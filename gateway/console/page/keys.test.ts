import { describe, expect, it } from 'vitest'
import { commandOf, type PressedKey } from './keys.ts'

const press = (key: string, more: Partial<PressedKey> = {}): PressedKey => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  ...more,
})
const atRest = { isTyping: false, isOff: false }

describe('commandOf', () => {
  it.each([
    ['/', 'filter'],
    ['j', 'next'],
    ['k', 'previous'],
    ['e', 'emit'],
    ['?', 'help'],
    ['x', null],
    ['Enter', null],
    ['constructor', null],
  ])('reads %s as %s', (key, command) => {
    expect(commandOf(press(key), atRest)).toBe(command)
  })

  it.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }])(
    'leaves a key with %o to the browser',
    (modifier) => {
      expect(commandOf(press('e', modifier), atRest)).toBeNull()
    },
  )

  it('ignores keys while the user types, and when they are turned off', () => {
    expect(commandOf(press('/'), { isTyping: true, isOff: false })).toBeNull()
    expect(commandOf(press('?'), { isTyping: false, isOff: true })).toBeNull()
  })
})
