/** Returns an id that no other event has: 128 random bits. `crypto.randomUUID` is missing in pages that came over plain HTTP. */
export const newId = (): string =>
  Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
