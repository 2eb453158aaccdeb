/** Returns the message of what was thrown. JavaScript may throw any value. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
