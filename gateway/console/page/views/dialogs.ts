import { find, setText } from '../dom.ts'
import { identityOfForm, identityOfToken, type Identity } from '../identities.ts'

const valueOf = (id: string): string => find(id, HTMLInputElement).value

/** Asks for an identity that is not in a list: by claims in development mode, else by a token. @returns null: the user cancelled */
export function askForIdentity(isDevelopment: boolean): Promise<Identity | null> {
  return isDevelopment ? ask('claims', readClaims) : ask('token', readToken)
}

/** Connects the buttons that close a dialog. */
export function wireDialogs(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-close]')) {
    button.addEventListener('click', () => find(button.dataset['close'] ?? '', HTMLDialogElement).close())
  }
}

/** Opens a dialog. @param read reads the input; null: it is invalid, and the dialog stays open */
function ask(name: string, read: () => Identity | null): Promise<Identity | null> {
  const dialog = find(`${name}-dialog`, HTMLDialogElement)
  const form = find(`${name}-form`, HTMLFormElement)
  const done = new AbortController()
  return new Promise((resolve) => {
    let identity: Identity | null = null
    const submitted = (event: Event): void => {
      identity = read()
      if (identity === null) event.preventDefault()
    }
    const closed = (): void => {
      done.abort()
      resolve(identity)
    }
    form.addEventListener('submit', submitted, { signal: done.signal })
    dialog.addEventListener('close', closed, { signal: done.signal })
    dialog.showModal()
  })
}

function readClaims(): Identity | null {
  const identity = identityOfForm({
    userId: valueOf('claims-user-id'),
    username: valueOf('claims-username'),
    organization: valueOf('claims-organization'),
    account: valueOf('claims-account'),
    roles: valueOf('claims-roles'),
    lifetime: find('claims-lifetime', HTMLSelectElement).value,
  })
  return identity.claims?.user_id === '' ? null : identity
}

function readToken(): Identity | null {
  const field = find('token-text', HTMLTextAreaElement)
  const identity = identityOfToken(field.value)
  setText(
    find('error-token', HTMLParagraphElement),
    identity === null ? 'This is not a signed token. A token has three parts with dots between them.' : '',
  )
  field.setAttribute('aria-invalid', String(identity === null))
  if (identity !== null) field.value = ''
  return identity
}
