import type { LogFields, Logger } from '../../program/log/logger.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A test double of the pino logger: `lines` grows with every call, in order. */
export function createRecordingLogger(): { readonly logger: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const write = (level: LogLine['level']) => (fields: LogFields | (() => LogFields), message: string) =>
    void lines.push({ level, message, fields: typeof fields === 'function' ? fields() : fields })
  return { logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }, lines }
}
