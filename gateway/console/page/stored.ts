import type { ConnectionModel } from './connection-model.ts'
import type { Draft } from './draft.ts'
import type { Identity } from './identities.ts'

/** The state that survives a reload of this tab. Never a token. */
export interface Stored {
  readonly identities: readonly Identity[]
  readonly connections: readonly Pick<ConnectionModel, 'identity' | 'transport' | 'cursor' | 'filters'>[]
  readonly browserIdentity: Identity | null
  /** The content of the emit form. */
  readonly draft: Draft
}

const hasNoToken = ({ token }: Identity): boolean => token === null

export function renderStored(stored: Stored): string {
  const running = stored.connections.filter(({ identity }) => hasNoToken(identity))
  return JSON.stringify({
    version: 3,
    identities: stored.identities.filter(hasNoToken),
    connections: running.map(({ identity, transport, cursor, filters }) => ({ identity, transport, cursor, filters })),
    browserIdentity: stored.browserIdentity,
    draft: stored.draft,
  })
}

/** Reads the stored state. @returns null: there is none of this version */
export function readStored(text: string | null): Stored | null {
  if (text === null) return null
  try {
    const stored = JSON.parse(text)
    // Only this page writes under this key, and the version decides the shape.
    return stored?.version === 3 ? (stored as Stored) : null
  } catch {
    // The user edited it by hand.
    return null
  }
}
