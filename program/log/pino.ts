import { destination, pino, stdTimeFunctions } from 'pino'
import { escapeControls } from './escape-controls.ts'
import { safeFields, safeText } from './log-fields.ts'
import type { LogFields, Logger } from './logger.ts'
import { renderTextLine } from './log-text.ts'

export interface PinoLoggerOptions {
  /** The least severe lines that are written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Of the program, in every line. */
  readonly name: string
  readonly version: string
  /** json: an object per line; text: a line for people, see `renderTextLine`. @default 'json' */
  readonly format?: 'json' | 'text'
  /** Takes whole lines. @default standard output */
  readonly destination?: { write(line: string): void }
}

/**
 * Lines of JSON: `level` (a word), `time` (RFC 3339), `name`, `version`, `pid`, `hostname`, the fields of the call, `msg`.
 * Fields go through `safeFields`: what is named after a secret or an event's content is replaced, at any depth. No line has a character that a
 * terminal obeys, but for the line break at its end: header values, paths and texts of records come from outside.
 */
export function createPinoLogger({ level, name, version, format = 'json', destination: to = standardOutput() }: PinoLoggerOptions): Logger {
  const logger = pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), bindings: (bindings) => ({ name, version, ...bindings }) },
      // `safeFields` has made plain objects of errors; pino would take them for errors again.
      serializers: { err: (value: unknown) => value },
    },
    { write: (line: string) => void to.write(`${escapeControls((format === 'json' ? line : renderTextLine(line)).trimEnd())}\n`) },
  )
  const writer = (severity: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields | (() => LogFields), message: string) => {
    if (logger.isLevelEnabled(severity)) logger[severity](safeFields(typeof fields === 'function' ? fields() : fields), safeText(message))
  }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

/**
 * Asynchronous, because a reader of the pipe that stalls must not stall the gateway; what such a reader leaves waiting is bounded, and
 * lines beyond it are dropped. Flushed when the process exits.
 */
const standardOutput = (): ReturnType<typeof destination> => destination({ dest: 1, sync: false, maxLength: 4_194_304 })
