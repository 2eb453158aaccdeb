import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { VerificationKey } from './has-signed.ts'
import type { TicketSecrets } from './ticket-secrets.ts'

/** Characters of a ticket in base64url: 144 bits of the hash, which leave nothing to guess. */
export const ticketLength = 24

/**
 * A resume ticket says: "this pod's channel has verified the signature of this token with this key". That stays true for ever. So it has no end
 * of its own, and no content: whoever has the token and a secret of the channel computes it again.
 *
 * It takes the place of the signature check and of nothing else. The caller checks the claims, the revocations and the keys as for every token.
 * The naive way is a ticket that has the user and an end, and that is accepted instead of a token. It would need its own rules for expiry, rights and
 * revocation, and whoever sees one could use it (ADR 0033).
 */
export class Tickets {
  readonly #label: string
  readonly #secrets: () => TicketSecrets | null

  /** @param options.secrets returns the secrets in use now; null: there are none, so there are no tickets */
  constructor({ channel, secrets }: { readonly channel: string; readonly secrets: () => TicketSecrets | null }) {
    this.#label = `carillon ticket 1\0${channel}`
    this.#secrets = secrets
  }

  /** The secrets that make a ticket good now. Others are another object. */
  get secrets(): object | null {
    return this.#secrets()
  }

  /** Makes the ticket of a token. @param signer the key that verified it @returns null: there are no tickets */
  issue(token: string, signer: VerificationKey): string | null {
    const secrets = this.#secrets()
    return secrets === null ? null : make(this.#textOf(token, signer), secrets[0])
  }

  /** Returns the one of these keys with which a pod of the channel verified the token; null: the ticket does not say so. */
  signerOf(token: string, ticket: string, candidates: readonly VerificationKey[]): VerificationKey | null {
    const shown = Buffer.from(ticket)
    if (shown.length !== ticketLength) return null
    const secrets = this.#secrets() ?? []
    const fits = (text: string): boolean => secrets.some((secret) => timingSafeEqual(shown, Buffer.from(make(text, secret))))
    return candidates.find((key) => fits(this.#textOf(token, key))) ?? null
  }

  /** The names of channels, the ids of keys and tokens have no NUL, so that no two sets of them make one text. */
  #textOf(token: string, { id }: VerificationKey): string {
    return `${this.#label}\0${id}\0${token}`
  }
}

const make = (text: string, secret: KeyObject): string =>
  createHmac('sha256', secret).update(text).digest('base64url').slice(0, ticketLength)
