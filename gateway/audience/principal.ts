/** The user of a connection, from a verified token. */
export interface Principal {
  readonly userId: string
  readonly username: string | null
  readonly organizationId: string | null
  readonly accountNumber: string | null
  readonly roles: readonly string[]
  /** Milliseconds since the epoch; null: the token does not expire. */
  readonly expiresAtMs: number | null
}
