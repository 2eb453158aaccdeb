import { h } from '../dom.ts'

/** Saves a text as a file of the browser's downloads. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  h('a', { href: url, download: name }).click()
  // The browser has read the address by the next task.
  setTimeout(() => URL.revokeObjectURL(url), 0)
}
