import { failed, ok, type Result } from '../../../program/result.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { WatchEvent } from '../../runtime/kubernetes-api.ts'
import { apiErrorOfStatus, isStatus } from './api-error.ts'

/**
 * Cuts a stream of bytes into lines. Bytes are joined before they are decoded, because a chunk may end within a character. Bytes without a
 * newline are kept as a list: joining them at each chunk would cost the square of the length of a long line.
 * @param maxBytes maximum length of one line
 */
export function createLineCutter(maxBytes: number): (chunk: Buffer) => Result<readonly string[], string> {
  let kept: Buffer[] = []
  let keptBytes = 0
  return (chunk) => {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...kept, chunk.subarray(from, end)]).toString('utf8')
      kept = []
      keptBytes = 0
      from = end + 1
      if (line.trim() !== '') lines.push(line)
    }
    if (from < chunk.length) kept.push(chunk.subarray(from))
    keptBytes += chunk.length - from
    return keptBytes > maxBytes ? failed(`an event of more than ${maxBytes} bytes`) : ok(lines)
  }
}

/** Parses one line. @returns null when the line is not an event of a watch */
export function parseWatchLine(line: string): WatchEvent | null {
  const event = parseJson(line)
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event)) return null
  const { type, object } = event
  if (type === 'ERROR') return isStatus(object) ? { type, error: apiErrorOfStatus(object) } : null
  if (!isObject(object)) return null
  if (type === 'BOOKMARK') return { type, resourceVersion: object.metadata.resourceVersion ?? '' }
  return type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' ? { type, object } : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // cut off, or not from the API server
  }
}

/** Returns true for an object with `metadata`. Other fields depend on the type. */
export function isObject(value: unknown): value is KubernetesObject {
  return typeof value === 'object' && value !== null && 'metadata' in value && typeof value.metadata === 'object' && value.metadata !== null
}
