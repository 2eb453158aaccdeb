import { destination, pino, stdTimeFunctions } from 'pino'
import { escapeControls } from './escape-controls.ts'
import { safeFields, safeText } from './log-fields.ts'
import type { LogFields, Logger } from './logger.ts'
import { renderTextLine } from './log-text.ts'

export interface PinoLoggerOptions {
  /** The least severe lines that are written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Name of the program, in every line. */
  readonly name: string
  readonly version: string
  /** json: an object per line; text: a line for people, see `renderTextLine`. @default 'json' */
  readonly format?: 'json' | 'text'
  /** Takes whole lines. @default standard output */
  readonly destination?: { write(line: string): void }
}

/**
 * Writes lines of JSON: `level` (a word), `time` (RFC 3339), `name`, `version`, `pid`, `hostname`, the fields of the call, `msg`.
 *
 * `safeFields` replaces secrets and contents of events at any depth. Header values, paths and texts of records come from outside. So no line has a
 * character that a terminal obeys, except the line break at its end.
 */
export function createPinoLogger({ level, name, version, format = 'json', destination: to = standardOutput() }: PinoLoggerOptions): Logger {
  const logger = pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), bindings: (bindings) => ({ name, version, ...bindings }) },
      // `safeFields` has made plain objects of errors. pino would treat them as errors again.
      serializers: { err: (value: unknown) => value },
    },
    { write: (line: string) => void to.write(`${escapeControls((format === 'json' ? line : renderTextLine(line)).trimEnd())}\n`) },
  )
  const writer = (severity: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields | (() => LogFields), message: string) => {
    if (logger.isLevelEnabled(severity)) logger[severity](safeFields(typeof fields === 'function' ? fields() : fields), safeText(message))
  }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

/** Asynchronous: a reader of the pipe that stalls must not stall the gateway. Lines beyond 4 MiB that wait are dropped. Flushed at exit. */
const standardOutput = (): ReturnType<typeof destination> => destination({ dest: 1, sync: false, maxLength: 4_194_304 })
