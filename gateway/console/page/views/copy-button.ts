import { copyText, h, setText } from '../dom.ts'

/** Time for which a button shows that it has copied, in milliseconds. */
const shownMs = 2_000

/** Copies a text, and shows in the button what became of it. Never rejects. */
export async function copyAndShow(button: HTMLButtonElement, text: string, announce: (text: string) => void): Promise<void> {
  const label = button.dataset['label'] ?? button.textContent
  button.dataset['label'] = label
  const isCopied = await copyText(text)
  setText(button, isCopied ? '✓ Copied' : 'Not allowed')
  announce(isCopied ? 'Copied.' : 'The clipboard is not available to this page.')
  setTimeout(() => setText(button, label), shownMs)
}

/** Makes a button that copies a text. @param text called at each click */
export function copyButton(label: string, text: () => string, announce: (text: string) => void): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'ghost small' }, label)
  button.addEventListener('click', () => void copyAndShow(button, text(), announce)) // never rejects
  return button
}
