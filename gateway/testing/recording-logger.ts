import type { LogFields, Logger } from '../observability/logger.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** The twin of the pino logger for tests: `lines` grows with every call, in order. */
export function createRecordingLogger(): { readonly logger: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const write = (level: LogLine['level']) => (fields: LogFields, message: string) => void lines.push({ level, message, fields })
  return { logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }, lines }
}
