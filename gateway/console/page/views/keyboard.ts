import { find } from '../dom.ts'
import { commandOf, type KeyCommand } from '../keys.ts'

/** Runs the commands of single keys, and lets the user turn them off. @param storage keeps the choice */
export function createKeyboard(commands: Readonly<Record<KeyCommand, () => void>>, storage: Pick<Storage, 'getItem' | 'setItem'>): void {
  const choice = find('keys-on', HTMLInputElement)
  choice.checked = storage.getItem(storageKey) !== 'off'
  choice.addEventListener('change', () => storage.setItem(storageKey, choice.checked ? 'on' : 'off'))
  document.addEventListener('keydown', (event) => {
    const isTyping = isField(event.target) || document.querySelector('dialog[open]') !== null
    const command = commandOf(event, { isTyping, isOff: !choice.checked })
    if (command === null) return
    event.preventDefault()
    commands[command]()
  })
}

const storageKey = 'carillon-console:keys'

const isField = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input:not([type="radio"], [type="checkbox"]), select, textarea, [contenteditable]') !== null
