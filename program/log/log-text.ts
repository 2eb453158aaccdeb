import { escapeControls } from './escape-controls.ts'

/** What every line has and no person reads. */
const unread: ReadonlySet<string> = new Set(['level', 'time', 'name', 'version', 'pid', 'hostname', 'msg'])

/**
 * A log line for people: `12:34:56.789 warn  waiting for Kafka  brokers=127.0.0.1:9092`, in UTC. Fields that say nothing (null, an empty list)
 * are left out, and the names of program and machine, which are the same in each line, too.
 *
 * @param json a line that pino wrote. A text that is no such line comes back as it is: a log must not fail.
 */
export function renderTextLine(json: string): string {
  const line = parseLine(json)
  if (line === null) return json
  const { level, time, msg } = line
  const fields = Object.entries(line).flatMap(([name, value]) =>
    unread.has(name) || isEmpty(value) ? [] : [`${name}=${renderValue(value)}`],
  )
  const head = `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}`
  return `${[head, ...fields].join('  ')}\n`
}

function parseLine(json: string): Readonly<Record<string, unknown>> | null {
  try {
    const line: unknown = JSON.parse(json)
    return typeof line === 'object' && line !== null ? { ...line } : null
  } catch {
    // Not JSON, so not pino's: the caller shows it as it is.
    return null
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}

/** A plain word as it is, a list of them with commas, all else as JSON, which keeps the line one line. */
function renderValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value) && escapeControls(value) === value) return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[^\s",=]+$/.test(item) && escapeControls(item) === item))
    return value.join(',')
  return JSON.stringify(value)
}
