import { digestOf } from '../artifact.ts'

/** Returns a UUID that follows from a text. Version 8 leaves its bits to its maker: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8. */
export function uuidOf(text: string): string {
  const hex = digestOf(new TextEncoder().encode(text))
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}
