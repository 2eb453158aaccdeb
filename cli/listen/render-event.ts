import type { CloudEvent } from '../../client/types.ts'
import { escapeControls } from '../../program/log/escape-controls.ts'

const plain: ReadonlySet<string> = new Set(['id', 'source', 'time'])

/**
 * Returns an event for people: a line with its type and attributes, and its data below. Escapes what a terminal would obey: producers choose
 * these texts.
 */
export function renderEvent(event: CloudEvent): string {
  const { type, id, source, time, data, cursor: _cursor, specversion: _specversion, ...others } = event
  const attributes = Object.entries({ id, source, time, ...others })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' && !plain.has(name) ? JSON.stringify(value) : String(value)}`)
  const head = escapeControls([type, ...attributes].join('  '))
  if (data === undefined) return `${head}\n`
  const lines = JSON.stringify(data, null, 2)
    .split('\n')
    .map((line) => `  ${escapeControls(line)}`)
  return `${head}\n${lines.join('\n')}\n`
}
