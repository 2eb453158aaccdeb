/** Every exit code of the program. `failed`: the request or a check failed. `usage`: the command line is wrong. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

export type Exit = keyof typeof exitCodes
