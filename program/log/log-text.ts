import { escapeControls } from './escape-controls.ts'

/** Fields that every line has and no person reads. */
const unread: ReadonlySet<string> = new Set(['level', 'time', 'name', 'version', 'pid', 'hostname', 'msg'])

/**
 * Returns a log line for people: `12:34:56.789 warn  waiting for Kafka  brokers=127.0.0.1:9092`, in UTC. Leaves out empty fields (null, an empty list)
 * and the names of program and machine, which are the same in each line.
 *
 * @param json a line that pino wrote. Any other text is returned unchanged: logging must not fail.
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
    // pino did not write it: the caller shows it unchanged.
    return null
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}

/** Returns a plain word unchanged, a list of words with commas, and any other value as JSON, which keeps the line on one line. */
function renderValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value) && escapeControls(value) === value) return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[^\s",=]+$/.test(item) && escapeControls(item) === item))
    return value.join(',')
  return JSON.stringify(value)
}
