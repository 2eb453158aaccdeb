/**
 * A structured log: a constant message plus fields. No tokens, no payloads, and no user ids above debug. The real one is in `pino.ts`; tests use a
 * recording double.
 */
export interface Logger {
  /** @param fields the fields, or a function that returns them: it is called only if lines of this level are written */
  debug(fields: LogFields | (() => LogFields), message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LogFields = Readonly<Record<string, unknown>>
