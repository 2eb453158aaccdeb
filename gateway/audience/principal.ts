/** The user of a connection, from a verified token. */
export interface Principal {
  readonly userId: string
  readonly username: string | null
  readonly organizationId: string | null
  readonly accountNumber: string | null
  readonly roles: readonly string[]
  /** Milliseconds since the epoch; null: the token does not expire. */
  readonly expiresAtMs: number | null
  /** Time of the token's issue (`iat`), in milliseconds since the epoch; null: the token does not say it. */
  readonly issuedAtMs: number | null
  /** Id of the token (`jti`); null: it has none by which it can be revoked. */
  readonly tokenId: string | null
}
