/**
 * A structured log: a constant message plus fields. The pino logger of `pino.ts` is one; tests use a recording twin. No tokens, payloads,
 * or (above debug) user ids.
 */
export interface Logger {
  /** @param fields the fields, or a function that returns them: it is called only if lines of this level are written */
  debug(fields: LogFields | (() => LogFields), message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LogFields = Readonly<Record<string, unknown>>
