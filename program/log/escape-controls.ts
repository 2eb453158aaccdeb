/**
 * Characters that a terminal obeys, or that change how a line reads. These are C0, DEL and C1 controls, line and paragraph separators, and marks that
 * change the direction of text.
 */
const controls = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/**
 * Replaces each character that a terminal obeys by its JSON escape, such as `\u001b`. Inside of a JSON string the text means the same as before.
 * @param line without its line break
 */
export function escapeControls(line: string): string {
  return line.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
