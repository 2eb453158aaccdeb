/** The calls that the process of the attackers (`attackers.ts`) answers. */
export interface AttackCalls extends Record<string, (parameter: never) => unknown> {
  /** Begins an attack. Resolves when its connections were opened or refused. */
  begin(parameter: { readonly attack: string; readonly target: AttackTarget }): Promise<void>
  /** Ends all connections. @returns how many were open until then */
  end(parameter: null): number
}

export interface AttackTarget {
  readonly port: number
  /** The token of a user to whom no event is addressed. */
  readonly token: string
  /** A cursor for more partitions than the topic has; all of its offsets are those of the log's end. */
  readonly forgedCursor: string
}
