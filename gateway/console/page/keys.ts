/** What a key does. */
export type KeyCommand = 'filter' | 'next' | 'previous' | 'emit' | 'help'

const commands: Readonly<Record<string, KeyCommand>> = { '/': 'filter', j: 'next', k: 'previous', e: 'emit', '?': 'help' }

export interface PressedKey {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly isComposing: boolean
}

/**
 * Returns what a key does; null: nothing. Single keys can be turned off (WCAG 2.2, 2.1.4), and mean nothing while the user types or a dialog is open.
 */
export function commandOf(
  { key, ctrlKey, metaKey, altKey, isComposing }: PressedKey,
  { isTyping, isOff }: { readonly isTyping: boolean; readonly isOff: boolean },
): KeyCommand | null {
  if (isTyping || isOff || ctrlKey || metaKey || altKey || isComposing) return null
  return Object.hasOwn(commands, key) ? (commands[key] ?? null) : null
}
