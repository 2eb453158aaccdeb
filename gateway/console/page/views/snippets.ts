import { find, setText } from '../dom.ts'
import { copyAndShow } from './copy-button.ts'

/** Code for the developer tools, without a client or a library. */
export function createSnippets(
  { socket: path, api }: { readonly socket: string; readonly api: string },
  announce: (text: string) => void,
): void {
  const socket = `const socket = new WebSocket("${location.origin.replace(/^http/, 'ws')}${path}", "cloudevents.json")\nsocket.onmessage = ({ data }) => console.log(JSON.parse(data))`
  const emit = `fetch("${api}/emit-message", {method: "POST", body: JSON.stringify({id: crypto.randomUUID(), type: "notifications.drawer",\n  broadcast: true, users: [], roles: [], organizations: [],\n  payload: {title: "New notification", description: "Some longer body"}})})`
  setText(find('snippet-socket', HTMLElement), socket)
  setText(find('snippet-emit', HTMLElement), emit)
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
    const code = find(button.dataset['copy'] ?? '', HTMLElement)
    button.addEventListener('click', () => void copyAndShow(button, code.textContent, announce)) // never rejects
  }
}
